/** Where nnU-Net's tiles lie. */
import { windowStarts } from "../windows.js";
import type { Dims3 } from "./dims.js";

/** The image in the middle of zeros, as large as a tile at least; an odd rest goes behind. */
export function paddedTo(dims: Dims3, tile: readonly number[]): { dims: Dims3; before: Dims3 } {
  const padded = dims.map((n, axis) => Math.max(n, tile[axis]!)) as unknown as Dims3;
  const before = padded.map((n, axis) => Math.floor((n - dims[axis]!) / 2)) as unknown as Dims3;
  return { dims: padded, before };
}

/** First voxels of the tiles along each axis, tiles at most `step` tiles apart. */
export function tileStarts(dims: readonly number[], tile: readonly number[], step: number): number[][] {
  return dims.map((n, axis) => windowStarts(n, tile[axis]!, 1 - step));
}
