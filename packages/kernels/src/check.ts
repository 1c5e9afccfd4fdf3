import { type Size3, usageError, type Vec3, voxelCount } from "@viscera/core";

/** Throws unless `size` is three whole numbers >= 1. */
export function checkSize(size: Size3): void {
  if (size.length !== 3 || !size.every((n) => Number.isInteger(n) && n >= 1))
    throw usageError(`An image size of ${size.join(" x ")} is not three whole numbers of at least 1.`);
}

/** Throws unless `array` holds exactly the voxels of `size`. */
export function checkImage(array: ArrayLike<number>, size: Size3): void {
  checkSize(size);
  if (array.length !== voxelCount(size))
    throw usageError(`An image of ${size.join(" x ")} voxels cannot hold ${array.length} values.`);
}

/** Throws unless every spacing is a positive finite number. */
export function checkSpacing(spacingMm: Vec3): void {
  if (spacingMm.length !== 3 || !spacingMm.every((s) => s > 0 && Number.isFinite(s)))
    throw usageError(`A voxel spacing of ${spacingMm.join(" x ")} mm is not three positive numbers.`);
}
