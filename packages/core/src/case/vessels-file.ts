import { z } from "zod";
import { structureNameSchema } from "./labels-file.js";

const point = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.number().positive();

/** A branch point, an end, or a point at which a ring was cut open. Positions are world RAS+ mm. */
export const vesselNodeSchema = z.object({
  positionMm: point,
  radiusMm: positive,
  /** `ring`: neither branch nor end, only where a ring without branches begins. */
  kind: z.enum(["root", "end", "branch", "ring"]),
  /** True where the image ends rather than the vessel. */
  cut: z.boolean(),
});

/** A local narrowing against the segment's fitted taper. */
export const stenosisSchema = z.object({
  /** Of the narrowest place: length along the segment from its start, and position. */
  atMm: z.number().nonnegative(),
  positionMm: point,
  /** Over which the radius is more than a tenth below the fit. */
  lengthMm: z.number().nonnegative(),
  radiusMm: positive,
  referenceRadiusMm: positive,
  percentDiameter: z.number(),
  percentArea: z.number(),
});
export type Stenosis = z.infer<typeof stenosisSchema>;

/** The course of a vessel between two nodes; the arrays have one value a point. */
export const vesselSegmentSchema = z.object({
  /** Numbers of nodes; blood is taken to run from the root outwards. */
  from: z.int().nonnegative(),
  to: z.int().nonnegative(),
  lengthMm: z.number().nonnegative(),
  pointsMm: z.array(point).min(2),
  /** Of the circle with the cross-section's area. */
  radiusMm: z.array(positive),
  /** Of the largest circle about the point that fits into the cross-section. */
  inscribedRadiusMm: z.array(positive),
  areaMm2: z.array(positive),
  curvaturePerMm: z.array(z.number().nonnegative()),
  /** False near branch points and blind ends, whose cross-sections are not the vessel's own. */
  regular: z.array(z.boolean()),
  meanRadiusMm: positive,
  /** Radius at the start and its change per mm of length, fitted to what is not narrowed or widened. */
  taper: z.object({ radiusMm: positive, slope: z.number() }),
  stenoses: z.array(stenosisSchema),
  /** `thin`: under two voxels across, measured by its sum; `leak`: widens as no vessel does. */
  flags: z.array(z.enum(["thin", "leak"])),
});
export type VesselSegment = z.infer<typeof vesselSegmentSchema>;

export const bifurcationSchema = z.object({
  node: z.int().nonnegative(),
  /** Segments that come from the root's side, and those that lead on. */
  parents: z.array(z.int().nonnegative()),
  children: z.array(z.int().nonnegative()),
  /** By which each child turns off the first parent's direction, degrees; empty without a parent. */
  turnDeg: z.array(z.number()),
  /** Between the first two children, degrees; null with fewer. */
  betweenDeg: z.number().nullable(),
});

/** One connected vessel: a directed graph from its root; a tree unless `loops` is above 0. */
export const vesselTreeSchema = z.object({
  nodes: z.array(vesselNodeSchema),
  segments: z.array(vesselSegmentSchema),
  /** Number of the root node. */
  root: z.int().nonnegative(),
  /** Independent rings. */
  loops: z.int().nonnegative(),
  lengthMm: z.number().nonnegative(),
  meanRadiusMm: positive,
  bifurcations: z.array(bifurcationSchema),
});
export type VesselTree = z.infer<typeof vesselTreeSchema>;
export type VesselNode = z.infer<typeof vesselNodeSchema>;
export type Bifurcation = z.infer<typeof bifurcationSchema>;

/** vessels/<name>.json */
export const vesselsFileSchema = z.object({
  schema: z.literal(1),
  name: structureNameSchema,
  snomed: z.string().nullable(),
  /** `labels` or `import:<file name>`. */
  source: z.string(),
  /** Edge of the cube of a voxel's volume, mm; null for imported centrelines. */
  voxelMm: positive.nullable(),
  /** Largest first. */
  trees: z.array(vesselTreeSchema),
  warnings: z.array(z.string()),
});
export type VesselsFile = z.infer<typeof vesselsFileSchema>;
