import { z } from "zod";

/** How intensities are prepared before a network sees them. */
export const normalisationSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  /** Minimum and maximum of the whole volume to 0 and 1. */
  z.strictObject({ kind: z.literal("minmax") }),
  z.strictObject({ kind: z.literal("zscore") }),
  /** Clip to [low, high], subtract mean, divide by sd. */
  z.strictObject({
    kind: z.literal("ct"),
    low: z.number(),
    high: z.number(),
    mean: z.number(),
    sd: z.number().positive(),
  }),
]);

/** viscera-model.json, beside its weights. */
export const modelFileSchema = z.strictObject({
  schema: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/i),
  version: z.string(),
  architecture: z.strictObject({ kind: z.string(), options: z.record(z.string(), z.unknown()) }),
  weights: z.string(),
  /** Further weights of the same network, such as other folds of a cross-validation; scores are averaged. */
  folds: z.array(z.string()).optional(),
  input: z.strictObject({
    modality: z.array(z.string()),
    /** Axis code of the grid the network expects ("RAS", "LIA"). */
    orientation: z.string().regex(/^[RLAPSI]{3}$/),
    spacingMm: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]).nullable(),
    /** Window size in voxels along the stored axes; null runs the whole volume. */
    patch: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]).nullable(),
    normalisation: normalisationSchema,
    /** Set for networks that know one fixed grid only: other volumes are conformed to it first. */
    conform: z
      .strictObject({ size: z.tuple([z.int(), z.int(), z.int()]) })
      .nullable()
      .default(null),
    /** Share of a window that overlaps its neighbour. */
    overlap: z.number().min(0).max(0.95).default(0.5),
    /** Voxels at each side of a window whose output is dropped; null blends windows with Gaussian weights. */
    haloVoxels: z.int().nonnegative().nullable().default(null),
    /** Axes (0, 1, 2 of the stored grid) that test-time mirroring may flip. */
    mirrorAxes: z.array(z.union([z.literal(0), z.literal(1), z.literal(2)])).default([]),
  }),
  labels: z.array(
    z.strictObject({
      id: z.int().positive(),
      name: z.string(),
      snomed: z.string().nullable(),
      color: z.string().optional(),
    }),
  ),
  licence: z.string(),
  commercialUse: z.boolean(),
  card: z.string().nullable(),
  /** Of the weights file, with the folds' behind it where there are some. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ModelFile = z.infer<typeof modelFileSchema>;
