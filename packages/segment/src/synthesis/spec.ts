/** What kinds of image are made, and how often each effect occurs in them. */
import { normalisationSchema, type Vec3 } from "@viscera/core";
import { z } from "zod";

const probability = z.number().min(0).max(1);

export const synthesisSpecSchema = z.strictObject({
  /** Voxel of the label map, mm. */
  spacingMm: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  /**
   * How the model prepares its input; the image comes out that way. With "ct", images that are no CT have mean 0
   * and standard deviation 1, about as a scan of another modality has after "zscore".
   */
  normalisation: normalisationSchema,
  /** Share of images that look like a CT, and like a T1- or T2-weighted MR; the others have any contrast.
   * A table may have its own. */
  ctShare: probability.default(0.5),
  mrShare: probability.default(0.15),
  /** An image has lesions. */
  lesions: probability.default(0.3),
  /** Things lie in the air around the body. */
  surroundings: probability.default(0.5),
  /** An image was taken at a lower resolution along one axis. */
  lowResolution: probability.default(0.3),
  /** Each kind of artefact: streaks and rings in a CT, ghosts and spikes in others. */
  artefacts: probability.default(0.06),
  /** An image shows only a box of what the label map has; voxels beyond it are 0 and ignored. */
  crop: probability.default(0.15),
});

export type SynthesisSpec = z.infer<typeof synthesisSpecSchema>;

/** The usual frequencies for a grid and a model's normalisation. */
export function synthesisSpec(
  given: z.input<typeof synthesisSpecSchema> & { spacingMm: Vec3 | [number, number, number] },
): SynthesisSpec {
  return synthesisSpecSchema.parse(given);
}
