/** The part of a scan around some structures. */
import { type Grid, type LabelArray, type Size3, spacingOf, type VoxelBox } from "@viscera/core";

/**
 * Box around the voxels whose label is in `ids`, wider by `addonMm` at every side (whole voxels, rounded down)
 * within the grid; null where there are none.
 */
export function boxAround(
  labels: LabelArray,
  { size, affine }: Grid,
  ids: ReadonlySet<number>,
  addonMm: number,
): VoxelBox | null {
  const min = [...size];
  const max = [-1, -1, -1];
  let v = 0;
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, v++) {
        if (!ids.has(labels[v]!)) continue;
        [i, j, k].forEach((index, axis) => {
          if (index < min[axis]!) min[axis] = index;
          if (index > max[axis]!) max[axis] = index;
        });
      }
  if (max[0]! < 0) return null;
  const addon = spacingOf(affine).map((s) => Math.trunc(addonMm / Math.fround(s)));
  return {
    min: min.map((low, axis) => Math.max(0, low - addon[axis]!)) as unknown as Size3,
    max: max.map((high, axis) => Math.min(size[axis]! - 1, high + addon[axis]!)) as unknown as Size3,
  };
}
