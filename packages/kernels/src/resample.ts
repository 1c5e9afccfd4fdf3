import type { Size3, VoxelArray } from "@viscera/core";
import type { KernelOptions } from "./options.js";
import {
  type Interpolation,
  type Resampled,
  type ResampleParameters,
  resampleReference,
} from "./resample.reference.js";

/**
 * Samples an image on another grid. Linear is trilinear; cubic is the interpolating cubic B-spline (scipy.ndimage
 * order 3, coefficients for mode "mirror"); nearest copies voxels and keeps the number type. Within half a voxel
 * beyond the outer voxel centres the edge value is extended, farther out stands `outside`.
 */
export async function resample<T extends VoxelArray, I extends Interpolation>(
  image: T,
  size: Size3,
  parameters: ResampleParameters<I>,
  _options: KernelOptions = {},
): Promise<Resampled<T, I>> {
  return resampleReference(image, size, parameters);
}
