import { type Grid, type Size3, usageError, type VoxelArray, type VoxelBox } from "@viscera/core";
import { arrayLike, shiftedAffine } from "./reorient.js";

/** The voxels of `box` (inclusive indices), at their place in the world. Throws `usage` for a box outside the image. */
export function crop<T extends Grid & { data: VoxelArray }>(image: T, box: VoxelBox): T {
  const valid = [0, 1, 2].every(
    (a) =>
      Number.isInteger(box.min[a]) &&
      Number.isInteger(box.max[a]) &&
      box.min[a]! >= 0 &&
      box.min[a]! <= box.max[a]! &&
      box.max[a]! < image.size[a]!,
  );
  if (!valid) {
    throw usageError(
      `The box from (${box.min.join(", ")}) to (${box.max.join(", ")}) does not lie within the image of ${image.size.join("x")} voxels.`,
    );
  }
  const size = [0, 1, 2].map((a) => box.max[a]! - box.min[a]! + 1) as unknown as Size3;
  const data = arrayLike(image.data, size[0] * size[1] * size[2]);
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      const row = box.min[0] + image.size[0] * (box.min[1] + j + image.size[1] * (box.min[2] + k));
      data.set(image.data.subarray(row, row + size[0]), size[0] * (j + size[1] * k));
    }
  return { ...image, size, affine: shiftedAffine(image.affine, box.min), data };
}
