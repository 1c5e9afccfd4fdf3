import { z } from "zod";

/** Names become file names (`organs/<name>.glb`), so they hold letters, digits, `_`, `-`, `.` only. */
export const structureNameSchema = z.string().regex(/^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,119}$/u);

export const labelSchema = z.strictObject({
  id: z.int().positive(),
  name: structureNameSchema,
  snomed: z.string().nullable(),
  color: z.string().regex(/^#[0-9a-f]{6}$/),
  source: z.string(),
});

/** labels.json */
export const labelsFileSchema = z.strictObject({
  schema: z.literal(1),
  labels: z.array(labelSchema),
  /** Of the network by id, 0 to 1; absent when the labels did not come from one. */
  confidence: z.record(z.string().regex(/^[1-9]\d*$/), z.number().min(0).max(1)).optional(),
  /** What the confidence is; absent: the mean probability of a structure's voxels. */
  confidenceIs: z.enum(["mean probability", "expected Dice"]).optional(),
});
export type LabelsFile = z.infer<typeof labelsFileSchema>;
