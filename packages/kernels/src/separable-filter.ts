import type { Size3, Vec3, VoxelArray } from "@viscera/core";
import type { KernelOptions } from "./options.js";
import {
  gaussianWeights,
  type SeparableWeights,
  separableFilterReference,
} from "./separable-filter.reference.js";

/**
 * Correlates the image with weights along each axis in turn; beyond the border the edge voxel repeats
 * (scipy.ndimage.correlate1d, mode "nearest").
 */
export async function separableFilter(
  image: VoxelArray,
  size: Size3,
  weights: SeparableWeights,
  _options: KernelOptions = {},
): Promise<Float32Array> {
  return separableFilterReference(image, size, weights);
}

/**
 * Gaussian smoothing with sigma in voxels along i, j, k (0 leaves an axis alone), cut at 4 sigma, edge voxels
 * repeated: scipy.ndimage.gaussian_filter(mode="nearest").
 */
export async function gaussianSmooth(
  image: VoxelArray,
  size: Size3,
  sigmaVoxels: Vec3,
  options: KernelOptions = {},
): Promise<Float32Array> {
  const [x, y, z] = sigmaVoxels.map(gaussianWeights);
  return separableFilter(image, size, [x!, y!, z!], options);
}
