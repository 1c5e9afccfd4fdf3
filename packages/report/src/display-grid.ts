/**
 * The images as the page holds them: axes permuted and flipped to run right, anterior, superior as closely as
 * whole axes can, down-sampled by whole factors when there are too many voxels, values in 16 bits.
 */
import {
  type Affine,
  applyToPoint,
  axesOf,
  type Grid,
  invert,
  type LabelMap,
  multiply,
  type Size3,
  type Volume,
  voxelCount,
} from "@viscera/core";
import { isCt } from "./windows.js";

/** Voxels a page holds at most; more would make files that are slow to open. */
export const DISPLAY_VOXELS = 6_000_000;

export interface DisplayGrid extends Grid {
  /** Source axis that each display axis runs along, and whether it is reversed. */
  source: { axis: number; reversed: boolean; factor: number }[];
}

/** Values as `intercept + slope * data`. */
export interface DisplayImage {
  data: Int16Array;
  slope: number;
  intercept: number;
}

/** Display grid of a source grid with at most `maxVoxels` voxels. */
export function displayGridOf(grid: Grid, maxVoxels = DISPLAY_VOXELS): DisplayGrid {
  const axes = axesOf(grid.affine);
  const spacing = [0, 1, 2].map((c) => Math.hypot(grid.affine[c]!, grid.affine[4 + c]!, grid.affine[8 + c]!));
  const factors = [1, 1, 1];
  const sizeBy = (axis: number) => Math.ceil(grid.size[axis]! / factors[axis]!);
  while (sizeBy(0) * sizeBy(1) * sizeBy(2) > maxVoxels) {
    // The axis that is finest now is coarsened next, so that voxels tend towards cubes.
    const candidates = [0, 1, 2].filter((axis) => sizeBy(axis) > 1);
    candidates.sort((a, b) => spacing[a]! * factors[a]! - spacing[b]! * factors[b]! || a - b);
    factors[candidates[0]!]!++;
  }
  const source = [0, 1, 2].map((world) => {
    const axis = axes.findIndex((direction) => direction.world === world);
    return { axis, reversed: axes[axis]!.sign < 0, factor: factors[axis]! };
  });
  const size = source.map(({ axis }) => sizeBy(axis)) as unknown as Size3;
  const first: [number, number, number] = [0, 0, 0];
  const affine = new Array<number>(16).fill(0);
  affine[15] = 1;
  source.forEach(({ axis, reversed, factor }, world) => {
    const centre = (factor - 1) / 2;
    first[axis] = reversed ? grid.size[axis]! - 1 - centre : centre;
    for (let row = 0; row < 3; row++)
      affine[row * 4 + world] = grid.affine[row * 4 + axis]! * factor * (reversed ? -1 : 1);
  });
  const origin = applyToPoint(grid.affine, first);
  for (let row = 0; row < 3; row++) affine[row * 4 + 3] = origin[row]!;
  return { size, affine, source };
}

/** Block means of a scan on its display grid, skipping values that are not finite. */
function blockMeans(scan: Volume, grid: DisplayGrid): Float32Array {
  const strides = [1, scan.size[0], scan.size[0] * scan.size[1]];
  const ranges = grid.source.map(({ axis, reversed, factor }, world) =>
    Array.from({ length: grid.size[world]! }, (_, o) => {
      const from = o * factor;
      const to = Math.min(scan.size[axis]!, from + factor);
      const start = reversed ? scan.size[axis]! - to : from;
      return { offset: start * strides[axis]!, count: to - from };
    }),
  );
  const [sx, sy, sz] = grid.source.map(({ axis }) => strides[axis]!) as [number, number, number];
  const out = new Float32Array(voxelCount(grid.size));
  let at = 0;
  for (const z of ranges[2]!)
    for (const y of ranges[1]!)
      for (const x of ranges[0]!) {
        const corner = x.offset + y.offset + z.offset;
        let sum = 0;
        let count = 0;
        for (let k = 0; k < z.count; k++)
          for (let j = 0; j < y.count; j++)
            for (let i = 0; i < x.count; i++) {
              const value = scan.data[corner + i * sx + j * sy + k * sz]!;
              if (!Number.isFinite(value)) continue;
              sum += value;
              count++;
            }
        out[at++] = count > 0 ? sum / count : Number.NaN;
      }
  return out;
}

/** The scan on its display grid. Hounsfield units and wide integer ranges keep steps of one unit. */
export function displayImageOf(scan: Volume, grid: DisplayGrid): DisplayImage {
  const means = blockMeans(scan, grid);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of means) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) low = high = 0;
  const unitSteps = isCt(scan) || (high - low >= 1000 && low >= -32768 && high <= 32767);
  const slope = unitSteps ? 1 : (high - low) / 4095 || 1;
  const intercept = unitSteps ? 0 : low;
  const data = new Int16Array(means.length);
  for (let i = 0; i < means.length; i++) {
    const value = means[i]!;
    const step = Math.round(((Number.isNaN(value) ? low : value) - intercept) / slope);
    data[i] = Math.min(32767, Math.max(-32768, step));
  }
  return { data, slope, intercept };
}

/** Structure numbers (0 none, else 1 + position in `ids`) on a display grid, by nearest neighbour. */
export function displayLabelsOf(labels: LabelMap, grid: Grid, ids: readonly number[]): Uint16Array {
  const numberOf = new Map(ids.map((id, i) => [id, i + 1]));
  const [nx, ny, nz] = labels.size;
  const m: Affine = multiply(invert(labels.affine), grid.affine);
  const out = new Uint16Array(voxelCount(grid.size));
  // Ties between two voxels go to the upper one, whatever the last bit of the matrix product.
  const half = 0.5 + 1e-6;
  let at = 0;
  let lastId = 0;
  let last = 0;
  for (let z = 0; z < grid.size[2]; z++)
    for (let y = 0; y < grid.size[1]; y++) {
      const x0 = m[1]! * y + m[2]! * z + m[3]! + half;
      const y0 = m[5]! * y + m[6]! * z + m[7]! + half;
      const z0 = m[9]! * y + m[10]! * z + m[11]! + half;
      for (let x = 0; x < grid.size[0]; x++, at++) {
        const i = Math.floor(x0 + m[0]! * x);
        const j = Math.floor(y0 + m[4]! * x);
        const k = Math.floor(z0 + m[8]! * x);
        if (i < 0 || j < 0 || k < 0 || i >= nx || j >= ny || k >= nz) continue;
        const id = labels.data[i + nx * (j + ny * k)]!;
        if (id === 0) continue;
        if (id !== lastId) {
          lastId = id;
          last = numberOf.get(id) ?? 0;
        }
        out[at] = last;
      }
    }
  return out;
}
