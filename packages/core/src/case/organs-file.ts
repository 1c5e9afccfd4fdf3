import { z } from "zod";
import { structureNameSchema } from "./labels-file.js";

const point = z.tuple([z.number(), z.number(), z.number()]);

/** One structure in organs/organs.json. Positions are world RAS+ mm. */
export const organRecordSchema = z.object({
  id: z.int().positive(),
  name: structureNameSchema,
  snomed: z.string().nullable(),
  color: z.string(),
  /** Voxels times voxel volume. */
  volumeMl: z.number().nonnegative(),
  /** Volume that the written surface encloses. */
  surfaceVolumeMl: z.number(),
  /** Area of the unsmoothed (IBSI) mesh. */
  areaMm2: z.number().nonnegative(),
  centroidMm: point,
  boundingBoxMm: z.tuple([point, point]),
  /** IBSI major, minor and least axis lengths. */
  principalAxesMm: point,
  /** Number of 26-connected pieces. */
  pieces: z.int().nonnegative(),
  /** Null without a scan. */
  intensity: z
    .object({
      unit: z.string().nullable(),
      mean: z.number(),
      sd: z.number(),
      p05: z.number(),
      p50: z.number(),
      p95: z.number(),
    })
    .nullable(),
  /** True when the structure reaches the image's edge, so that part of it may be missing. */
  touchesBorder: z.boolean(),
  /** Mean probability of the network, 0 to 1; null when the labels did not come from one. */
  confidence: z.number().min(0).max(1).nullable(),
  /** File beside organs.json; null when no surface was made. */
  mesh: z.string().nullable(),
  /** Further measures by their IBSI or own names, with the unit in the name's table of the organ package. */
  measures: z.record(z.string(), z.number().nullable()),
});
export type OrganRecord = z.infer<typeof organRecordSchema>;

/** organs/organs.json */
export const organsFileSchema = z.object({ schema: z.literal(1), organs: z.array(organRecordSchema) });
export type OrgansFile = z.infer<typeof organsFileSchema>;
