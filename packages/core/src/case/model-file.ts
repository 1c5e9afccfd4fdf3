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

const logisticSchema = z.strictObject({ intercept: z.number(), slope: z.number().nonnegative() });

/**
 * From the mean probability p of a structure's voxels to the Dice to expect,
 * 1 / (1 + exp(-(intercept + slope ln(p / (1 - p))))), fitted on held-out cases.
 */
export const calibrationSchema = z.strictObject({
  /** Held-out cases it was fitted on. */
  cases: z.int().positive(),
  /** Mean absolute difference from the true Dice of a case that the fit had not seen. */
  meanError: z.number().nonnegative(),
  /** For a structure without a fit of its own. */
  pooled: logisticSchema,
  structures: z.array(logisticSchema.extend({ id: z.int().positive(), pairs: z.int().positive() })),
});
export type Calibration = z.infer<typeof calibrationSchema>;

const rangeSchema = z.tuple([z.number(), z.number()]);

/** What a network's training scans look like to it, so that others can be told from them. */
export const outOfDistributionSchema = z.strictObject({
  /** Safetensors file beside the weights: mean and spread of the features of training scans. */
  features: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Scans and windows of them that it was made from. */
  cases: z.int().positive(),
  windows: z.int().positive(),
  /** Largest distance of a scan that is not worth a warning. */
  limit: z.number().positive(),
  /** Of the prepared intensities at the shares of voxels 0.05, 0.25, 0.5, 0.75, 0.95 and 0.99: usual range. */
  quantiles: z.array(rangeSchema).length(6),
  /** Usual physical size along the stored axes. */
  sizeMm: z.tuple([rangeSchema, rangeSchema, rangeSchema]),
});
export type OutOfDistribution = z.infer<typeof outOfDistributionSchema>;

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
  calibration: calibrationSchema.optional(),
  outOfDistribution: outOfDistributionSchema.optional(),
  /** Of the weights file, with the folds' behind it where there are some. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ModelFile = z.infer<typeof modelFileSchema>;
