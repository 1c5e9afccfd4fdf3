/** How often and how far training patches are changed. */
import { usageError, type Vec3 } from "@viscera/core";

type Range = [number, number];

/** Probabilities are per patch; ranges are drawn from uniformly. */
export interface AugmentationSpec {
  /** Largest angle about each axis [x, y, z], degrees. */
  rotation: { probability: number; degrees: Vec3 };
  /** Size of what is seen, one factor for all axes. */
  scaling: { probability: number; range: Range };
  /** Smooth displacement: standard deviation of the control points, as a share of their distance in voxels. */
  elastic: { probability: number; controlVoxels: number; range: Range };
  /** Each of the axes is flipped with the probability. */
  mirror: { probability: number; axes: (0 | 1 | 2)[] };
  /** Standard deviation of noise added, for intensities of standard deviation 1. */
  noise: { probability: number; range: Range };
  /** Standard deviation of a Gaussian, voxels. */
  blur: { probability: number; range: Range };
  /** Intensities times a factor. */
  multiply: { probability: number; range: Range };
  /** Intensities plus a number. */
  add: { probability: number; range: Range };
  /** Distance to the mean times a factor, kept within the range that was. */
  contrast: { probability: number; range: Range };
  /** Sampled down by the factor (nearest) and up again (linear). */
  lowResolution: { probability: number; range: Range };
  /** Exponent of intensities scaled to 0..1; mean and standard deviation are kept. */
  gamma: { probability: number; range: Range };
  /** The same on the negative. */
  invertedGamma: { probability: number; range: Range };
}

export type AugmentationPreset = "none" | "light" | "nnunet" | "strong";

/**
 * "nnunet": the probabilities and ranges of nnU-Net v2's default trainer, which has no elastic deformation;
 * "strong": the same with elastic deformation and shifted brightness; "light": small movements and a little
 * noise and brightness, for short trainings; "none": the patches as they are. All axes are mirrored except in
 * "none"; a plan takes away those that would exchange left and right.
 */
export function augmentationPreset(name: AugmentationPreset): AugmentationSpec {
  const off = { probability: 0, range: [1, 1] as Range };
  const none: AugmentationSpec = {
    rotation: { probability: 0, degrees: [0, 0, 0] },
    scaling: off,
    elastic: { probability: 0, controlVoxels: 16, range: [0, 0] },
    mirror: { probability: 0.5, axes: [] },
    noise: { probability: 0, range: [0, 0] },
    blur: off,
    multiply: off,
    add: { probability: 0, range: [0, 0] },
    contrast: off,
    lowResolution: off,
    gamma: off,
    invertedGamma: off,
  };
  const light: AugmentationSpec = {
    ...none,
    rotation: { probability: 0.3, degrees: [15, 15, 15] },
    scaling: { probability: 0.3, range: [0.85, 1.2] },
    mirror: { probability: 0.5, axes: [0, 1, 2] },
    noise: { probability: 0.1, range: [0, 0.1] },
    multiply: { probability: 0.15, range: [0.8, 1.25] },
    gamma: { probability: 0.15, range: [0.7, 1.5] },
  };
  const nnunet: AugmentationSpec = {
    ...none,
    rotation: { probability: 0.2, degrees: [30, 30, 30] },
    scaling: { probability: 0.2, range: [0.7, 1.4] },
    mirror: { probability: 0.5, axes: [0, 1, 2] },
    noise: { probability: 0.1, range: [0, 0.1] },
    blur: { probability: 0.1, range: [0.5, 1] },
    multiply: { probability: 0.15, range: [0.75, 1.25] },
    contrast: { probability: 0.15, range: [0.75, 1.25] },
    lowResolution: { probability: 0.125, range: [0.5, 1] },
    gamma: { probability: 0.3, range: [0.7, 1.5] },
    invertedGamma: { probability: 0.1, range: [0.7, 1.5] },
  };
  const strong: AugmentationSpec = {
    ...nnunet,
    elastic: { probability: 0.2, controlVoxels: 16, range: [0, 0.25] },
    add: { probability: 0.15, range: [-0.3, 0.3] },
  };
  const presets = { none, light, nnunet, strong };
  const preset = presets[name];
  if (preset) return preset;
  throw usageError(
    `There is no augmentation "${name}".`,
    `Choose one of ${Object.keys(presets).join(", ")}.`,
  );
}
