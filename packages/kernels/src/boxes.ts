/** Boxes around labels, and parts of images: one pass of plain TypeScript over runs. */
import { type LabelArray, type Size3, usageError, type VoxelArray, type VoxelBox } from "@viscera/core";
import { checkImage } from "./check.js";
import { newArrayLike } from "./resample.reference.js";

export interface LabelExtent {
  /** Smallest box that holds the label's voxels. */
  box: VoxelBox;
  voxels: number;
}

/** Extent of every nonzero label, keys in ascending order. */
export function boundingBoxes(labels: LabelArray, size: Size3): Map<number, LabelExtent> {
  checkImage(labels, size);
  const [nx, ny, nz] = size;
  const found = new Map<
    number,
    { min: [number, number, number]; max: [number, number, number]; voxels: number }
  >();
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++) {
      const base = nx * (j + ny * k);
      for (let i = 0; i < nx; ) {
        const label = labels[base + i]!;
        const start = i;
        while (i < nx && labels[base + i] === label) i++;
        if (label === 0) continue;
        const extent = found.get(label);
        if (!extent) {
          found.set(label, { min: [start, j, k], max: [i - 1, j, k], voxels: i - start });
          continue;
        }
        const { min, max } = extent;
        if (start < min[0]) min[0] = start;
        if (i - 1 > max[0]) max[0] = i - 1;
        if (j < min[1]) min[1] = j;
        if (j > max[1]) max[1] = j;
        max[2] = k;
        extent.voxels += i - start;
      }
    }
  const ids = [...found.keys()].sort((a, b) => a - b);
  return new Map(
    ids.map((id) => {
      const { min, max, voxels } = found.get(id)!;
      return [id, { box: { min, max }, voxels }];
    }),
  );
}

/** Voxel counts of a box. */
export function sizeOfBox({ min, max }: VoxelBox): Size3 {
  return [max[0] - min[0] + 1, max[1] - min[1] + 1, max[2] - min[2] + 1];
}

/** The voxels of a box that lies within the image. */
export function crop<T extends VoxelArray>(array: T, size: Size3, box: VoxelBox): { data: T; size: Size3 } {
  if (box.min.some((low) => low < 0) || box.max.some((high, axis) => high >= size[axis]!))
    throw usageError(`The box ${box.min.join(",")} to ${box.max.join(",")} reaches beyond the image.`);
  return cropPadded(array, size, box);
}

/** The voxels of any box; where it reaches beyond the image stands `fill`. */
export function cropPadded<T extends VoxelArray>(
  array: T,
  size: Size3,
  box: VoxelBox,
  fill = 0,
): { data: T; size: Size3 } {
  checkImage(array, size);
  const cropped = sizeOfBox(box);
  if (![...box.min, ...box.max].every(Number.isInteger) || cropped.some((n) => n < 1))
    throw usageError(`The box ${box.min.join(",")} to ${box.max.join(",")} holds no voxels.`);
  const data = newArrayLike(array, cropped[0] * cropped[1] * cropped[2]);
  if (fill !== 0) data.fill(fill);
  const from = Math.max(0, box.min[0]);
  const to = Math.min(size[0] - 1, box.max[0]) + 1;
  if (from >= to) return { data, size: cropped };
  for (let k = Math.max(0, box.min[2]); k <= Math.min(size[2] - 1, box.max[2]); k++)
    for (let j = Math.max(0, box.min[1]); j <= Math.min(size[1] - 1, box.max[1]); j++) {
      const source = size[0] * (j + size[1] * k);
      const target = from - box.min[0] + cropped[0] * (j - box.min[1] + cropped[1] * (k - box.min[2]));
      data.set(array.subarray(source + from, source + to), target);
    }
  return { data, size: cropped };
}
