/** What resampling of images and of labels share: the output grid, sample positions, the border rule. */
import { type Affine, type Size3, usageError } from "@viscera/core";
import { checkSize } from "./check.js";

/** Where the output's voxels lie in the input. */
export interface ResampleGrid {
  outputSize: Size3;
  /** Output voxel index -> input voxel index, both at voxel centres. */
  outputToInput: Affine;
}

/**
 * Slack, in voxels, for rounding in affines: a sample this little beyond the half voxel still counts as
 * inside, and one this little below the middle of two voxels still takes the upper one.
 */
export const SLACK = 1e-6;

/** Throws unless the grid is usable. A singular affine is allowed: it samples a line or plane. */
export function checkGrid({ outputSize, outputToInput }: ResampleGrid): void {
  checkSize(outputSize);
  if (outputToInput.length !== 16 || !outputToInput.every(Number.isFinite))
    throw usageError("Resampling takes an affine of 16 finite numbers.");
}

/** True when position `p` lies on an axis of `n` voxels or at most half a voxel beyond its outer centres. */
export function isInside(p: number, n: number): boolean {
  return p >= -0.5 - SLACK && p <= n - 0.5 + SLACK;
}

/** The position moved onto the centres' range [0, n - 1]: extends the edge values. */
export function clampTo(p: number, n: number): number {
  return Math.min(n - 1, Math.max(0, p));
}

/** Index of the nearest voxel of an axis; the middle between two goes to the upper one. */
export function nearestIndex(p: number, n: number): number {
  return clampTo(Math.floor(p + 0.5 + SLACK), n);
}
