/**
 * Local intensity features of the Image Biomarker Standardisation Initiative: https://ibsi.readthedocs.io,
 * chapter "Local intensity features", doi:10.1148/radiol.2020191145. A peak is the mean of all voxels, inside
 * the structure or not, whose centres lie within a sphere of 1 cm^3 around a voxel of the structure.
 */
import type { Pause } from "@viscera/core";
import { type Affine, invert, type VoxelArray } from "@viscera/core";
import type { Runs } from "./runs.js";

const RADIUS_MM = 10 * Math.cbrt(3 / (4 * Math.PI));

/** Part of the sphere in one row: voxels x + from ... x + to of row (y + dy, z + dz). */
interface Chord {
  dy: number;
  dz: number;
  from: number;
  to: number;
}

function chordsOfSphere(affine: Affine): Chord[] {
  // The furthest voxel index along an axis within a unit ball is the length of that row of the inverse.
  const inverse = invert(affine);
  const [rx, ry, rz] = [0, 1, 2].map((axis) =>
    Math.floor(
      RADIUS_MM * Math.hypot(inverse[4 * axis]!, inverse[4 * axis + 1]!, inverse[4 * axis + 2]!) + 1e-9,
    ),
  ) as [number, number, number];
  const chords: Chord[] = [];
  for (let dz = -rz; dz <= rz; dz++)
    for (let dy = -ry; dy <= ry; dy++) {
      let [from, to] = [1, 0];
      for (let dx = -rx; dx <= rx; dx++) {
        const mm = [0, 4, 8].map((r) => affine[r]! * dx + affine[r + 1]! * dy + affine[r + 2]! * dz);
        if (Math.hypot(...mm) > RADIUS_MM) continue;
        if (from > to) from = dx;
        to = dx;
      }
      if (from <= to) chords.push({ dy, dz, from, to });
    }
  return chords;
}

/** Sums along x of one slice, within the columns that the structure's spheres reach. */
interface SliceSums {
  z: number;
  /** Sum of the finite values before column i of a row. */
  sum: Float64Array;
  /** Their number. */
  count: Uint32Array;
}

/** Gives the function that finds the peaks of structures on a grid with this affine. */
export function intensityPeaks(affine: Affine): PeakFinder {
  const chords = chordsOfSphere(affine);
  const reach = { x: 0, y: 0, z: 0 };
  for (const { dy, dz, to } of chords) {
    reach.x = Math.max(reach.x, to);
    reach.y = Math.max(reach.y, dy);
    reach.z = Math.max(reach.z, dz);
  }
  return async ({ row, start, end, size, box }, data, maximum, everywhere, pause) => {
    const [nx, ny, nz] = size;
    const x0 = Math.max(0, box.min[0] - reach.x);
    const x1 = Math.min(nx - 1, box.max[0] + reach.x);
    const y0 = Math.max(0, box.min[1] - reach.y);
    const y1 = Math.min(ny - 1, box.max[1] + reach.y);
    const width = x1 - x0 + 2;
    const ring: SliceSums[] = Array.from({ length: 2 * reach.z + 1 }, () => ({
      z: -1,
      sum: new Float64Array(width * (y1 - y0 + 1)),
      count: new Uint32Array(width * (y1 - y0 + 1)),
    }));
    const sliceSums = (z: number): SliceSums => {
      const slice = ring[z % ring.length]!;
      if (slice.z === z) return slice;
      slice.z = z;
      for (let y = y0; y <= y1; y++) {
        let at = width * (y - y0);
        const base = nx * (y + ny * z);
        let [sum, count] = [0, 0];
        for (let x = x0; x <= x1; x++) {
          const value = data[base + x]!;
          // False for NaN and the infinities only.
          if (value - value === 0) {
            sum += value;
            count++;
          }
          slice.sum[++at] = sum;
          slice.count[at] = count;
        }
      }
      return slice;
    };
    const meanAround = (x: number, y: number, z: number): number => {
      let [sum, count] = [0, 0];
      for (const { dy, dz, from, to } of chords) {
        const [yc, zc] = [y + dy, z + dz];
        if (yc < 0 || zc < 0 || yc >= ny || zc >= nz) continue;
        const slice = sliceSums(zc);
        const at = width * (yc - y0) - x0;
        const [a, b] = [at + Math.max(x + from, 0), at + Math.min(x + to, nx - 1) + 1];
        sum += slice.sum[b]! - slice.sum[a]!;
        count += slice.count[b]! - slice.count[a]!;
      }
      return sum / count;
    };
    let [local, global] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let r = 0; r < row.length; r++) {
      if (r % 256 === 0) await pause();
      const z = Math.floor(row[r]! / ny);
      const y = row[r]! - z * ny;
      for (let x = start[r]!; x < end[r]!; x++) {
        const value = data[row[r]! * nx + x]!;
        const isMaximum = value === maximum;
        if (!isMaximum && (!everywhere || value - value !== 0)) continue;
        const mean = meanAround(x, y, z);
        if (isMaximum && mean > local) local = mean;
        if (mean > global) global = mean;
      }
    }
    return { loc_peak_loc: local, ...(everywhere && { loc_peak_glob: global }) };
  };
}

/**
 * Peaks of a structure by their IBSI tags: around the voxels that hold its `maximum`, and with `everywhere`
 * the highest around any of its voxels too. `data` is on the structure's grid.
 */
export type PeakFinder = (
  runs: Runs,
  data: VoxelArray,
  maximum: number,
  everywhere: boolean,
  pause: Pause,
) => Promise<Record<string, number>>;
