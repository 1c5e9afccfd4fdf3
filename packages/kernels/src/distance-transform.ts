import type { Size3, Vec3 } from "@viscera/core";
import { distanceTransformReference } from "./distance-transform.reference.js";
import type { KernelOptions } from "./options.js";

/**
 * Exact Euclidean distance in mm from the centre of every nonzero voxel to the nearest zero voxel's centre, as
 * scipy.ndimage.distance_transform_edt gives it; 0 on zero voxels. The image border is no boundary: a mask
 * without any zero voxel gives Infinity everywhere.
 */
export async function distanceTransform(
  mask: Uint8Array,
  size: Size3,
  spacingMm: Vec3,
  _options: KernelOptions = {},
): Promise<Float32Array> {
  return distanceTransformReference(mask, size, spacingMm);
}
