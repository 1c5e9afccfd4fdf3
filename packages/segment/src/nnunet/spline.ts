/**
 * Interpolation along one axis of an array, the building block of separable resampling: order 0 (nearest),
 * 1 (linear) and 3 (cubic B-spline through the samples; Thevenaz, Blu, Unser 2000, doi:10.1109/42.875199).
 * Outside the samples the edge value goes on, as scipy.ndimage has it with mode "nearest".
 */
import type { VoxelArray } from "@viscera/core";
import { type Dims3, sizeOfDims } from "./dims.js";

export type SplineOrder = 0 | 1 | 3;

/** Positions in the source, in samples from its first, of the samples of the result. */
export type Positions = Float64Array;

/** Positions of `to` samples over the box of `from` ones: both boxes' borders coincide, not their voxel centres. */
export function boxPositions(from: number, to: number): Positions {
  return Float64Array.from({ length: to }, (_, i) => (from / to) * (i + 0.5) - 0.5);
}

/** Positions whose first and last coincide with the first and last sample (scipy.ndimage.zoom). */
export function cornerPositions(from: number, to: number): Positions {
  const step = to > 1 ? (from - 1) / (to - 1) : 0;
  return Float64Array.from({ length: to }, (_, i) => i * step);
}

/** Lines filtered side by side, so that memory is read in runs along the axes behind the filtered one. */
const LINES = 64;
/** scipy extends an array by so many edge samples before its spline filter. */
const PAD = 12;
const POLE = Math.sqrt(3) - 2;
const GAIN = 6;

/** Samples `data` along `axis` at `positions`; the other axes stay as they are. */
export function interpolateAxis(
  data: VoxelArray,
  dims: Dims3,
  axis: number,
  positions: Positions,
  order: SplineOrder,
): Float64Array {
  const n = dims[axis]!;
  const m = positions.length;
  const inner = dims.slice(axis + 1).reduce((product, extent) => product * extent, 1);
  const outer = sizeOfDims(dims) / (n * inner);
  const out = new Float64Array(outer * m * inner);
  const pad = order === 3 ? PAD : 0;
  const length = n + 2 * pad;
  const taps = tapsOf(positions, n, order);
  const width = taps.weights.length / m;
  const lines = new Float64Array(length * Math.min(LINES, inner));
  for (let o = 0; o < outer; o++)
    for (let first = 0; first < inner; first += LINES) {
      const count = Math.min(LINES, inner - first);
      for (let i = 0; i < length; i++) {
        const row = first + inner * (Math.min(n - 1, Math.max(0, i - pad)) + n * o);
        for (let l = 0; l < count; l++) lines[i * count + l] = data[row + l]!;
      }
      if (order === 3) filterLines(lines, length, count);
      for (let i = 0; i < m; i++) {
        const row = first + inner * (i + m * o);
        for (let t = 0; t < width; t++) {
          const weight = taps.weights[i * width + t]!;
          if (weight === 0) continue;
          const from = (taps.starts[i]! + t) * count;
          for (let l = 0; l < count; l++) out[row + l]! += weight * lines[from + l]!;
        }
      }
    }
  return out;
}

/** Of each position the first sample used (cubic: of the padded line) and the weights of it and its followers. */
export interface Taps {
  starts: Int32Array;
  /** `order + 1` weights a position. */
  weights: Float64Array;
}

export function tapsOf(positions: Positions, n: number, order: SplineOrder): Taps {
  const width = order + 1;
  const starts = new Int32Array(positions.length);
  const weights = new Float64Array(width * positions.length);
  positions.forEach((position, i) => {
    if (order === 3) {
      const floor = Math.floor(position);
      const t = position - floor;
      starts[i] = floor - 1 + PAD;
      weights.set(
        [(1 - t) ** 3 / 6, 2 / 3 - t * t + t ** 3 / 2, 2 / 3 - (1 - t) ** 2 + (1 - t) ** 3 / 2, t ** 3 / 6],
        4 * i,
      );
      return;
    }
    const inside = Math.min(n - 1, Math.max(0, position));
    if (order === 0) {
      starts[i] = Math.min(n - 1, Math.floor(inside + 0.5));
      weights[i] = 1;
      return;
    }
    const low = Math.min(Math.floor(inside), Math.max(0, n - 2));
    starts[i] = low;
    weights[2 * i] = 1 - (inside - low);
    weights[2 * i + 1] = inside - low;
  });
  return { starts, weights };
}

/** Samples to B-spline coefficients, in place: a causal and an anticausal recursion, edge values going on for ever. */
function filterLines(lines: Float64Array, length: number, count: number): void {
  for (let l = 0; l < count; l++) lines[l]! *= GAIN / (1 - POLE);
  for (let i = count; i < length * count; i++) lines[i] = GAIN * lines[i]! + POLE * lines[i - count]!;
  const last = (length - 1) * count;
  for (let l = 0; l < count; l++) lines[last + l]! *= POLE / (POLE - 1);
  for (let i = last - 1; i >= 0; i--) lines[i] = POLE * (lines[i + count]! - lines[i]!);
}
