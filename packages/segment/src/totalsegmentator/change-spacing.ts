/**
 * TotalSegmentator's resampling: scipy.ndimage.zoom, which puts the first and the last voxel centre of both grids
 * onto each other; not nnU-Net's, whose grids share their borders.
 */
import {
  type Grid,
  type LabelArray,
  type Size3,
  spacingOf,
  type Vec3,
  type Volume,
  type VoxelArray,
} from "@viscera/core";
import { cornerPositions, interpolateAxis, type SplineOrder } from "../nnunet/spline.js";
import { roundHalfEven } from "../windows.js";

/** The grid of `spacingMm` from the same first voxel on: the number of voxels is rounded, halves to the even one. */
export function gridOfSpacing({ size, affine }: Grid, spacingMm: Vec3): Grid {
  const zoom = spacingOf(affine).map((s, axis) => s / spacingMm[axis]!);
  return {
    size: size.map((n, axis) => Math.max(1, roundHalfEven(n * zoom[axis]!))) as unknown as Size3,
    affine: affine.map((value, i) => (i < 12 && i % 4 < 3 ? value / zoom[i % 4]! : value)),
  };
}

/** Values on a grid of `size` voxels between the same corners, in float64. */
export function zoomed(data: VoxelArray, from: Size3, size: Size3, order: SplineOrder): Float64Array {
  let values: VoxelArray = data;
  const at = [from[2], from[1], from[0]] as [number, number, number];
  for (const axis of [0, 1, 2]) {
    const to = size[2 - axis]!;
    values = interpolateAxis(values, at, axis, cornerPositions(at[axis]!, to), order);
    at[axis] = to;
  }
  return values as Float64Array;
}

/**
 * The volume on voxels of `spacingMm`, linearly interpolated and cut to whole numbers towards zero; the volume
 * itself where its spacing is that exactly.
 */
export function changeSpacing(volume: Volume, spacingMm: Vec3): Volume {
  const spacing = spacingOf(volume.affine);
  if (spacing.every((s, axis) => Math.fround(s) === Math.fround(spacingMm[axis]!))) return volume;
  const grid = gridOfSpacing(volume, spacingMm);
  return { ...volume, ...grid, data: Int32Array.from(zoomed(volume.data, volume.size, grid.size, 1)) };
}

/** Labels on a grid of `size` voxels between the same corners: each the nearest one. */
export function nearestLabels<T extends LabelArray>(data: T, from: Size3, size: Size3): T {
  if (from.every((n, axis) => n === size[axis])) return data;
  const [x, y, z] = [0, 1, 2].map((axis) =>
    Int32Array.from(cornerPositions(from[axis]!, size[axis]!), (position) => Math.floor(position + 0.5)),
  ) as [Int32Array, Int32Array, Int32Array];
  const out = new (data.constructor as new (length: number) => T)(size[0] * size[1] * size[2]);
  let at = 0;
  for (const k of z)
    for (const j of y) {
      const row = from[0] * (j + from[1] * k);
      for (const i of x) out[at++] = data[row + i]!;
    }
  return out;
}
