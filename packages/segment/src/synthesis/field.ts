/** Smooth random fields: normal deviates on a coarse grid, interpolated linearly between. */
import type { Size3 } from "@viscera/core";
import type { Draws } from "./draws.js";

/**
 * A field over `size` voxels whose values change over about `cell` voxels along each axis. Mean 0, standard
 * deviation 1 at the grid's points and somewhat less between them.
 */
export function smoothField(draws: Draws, size: Size3, cell: readonly number[]): Float32Array {
  const axes = size.map((n, axis) => interpolation(n, Math.max(1, cell[axis]!), draws.uniform()));
  const [nx, ny, nz] = size;
  const [ax, ay, az] = axes as [Interpolation, Interpolation, Interpolation];
  const coarse = draws.fillNormal(new Float32Array(ax.count * ay.count * az.count));
  const out = new Float32Array(nx * ny * nz);
  const planeSize = ax.count * ay.count;
  const plane = new Float32Array(planeSize);
  const row = new Float32Array(ax.count);
  const { low: lowX, weight: weightX } = ax;
  for (let z = 0, o = 0; z < nz; z++) {
    const below = az.low[z]! * planeSize;
    const wz = az.weight[z]!;
    for (let i = 0; i < planeSize; i++) {
      const low = coarse[below + i]!;
      plane[i] = low + wz * (coarse[below + planeSize + i]! - low);
    }
    for (let y = 0; y < ny; y++) {
      const first = ay.low[y]! * ax.count;
      const wy = ay.weight[y]!;
      for (let i = 0; i < ax.count; i++) {
        const low = plane[first + i]!;
        row[i] = low + wy * (plane[first + ax.count + i]! - low);
      }
      for (let x = 0; x < nx; x++, o++) {
        const i = lowX[x]!;
        const low = row[i]!;
        out[o] = low + weightX[x]! * (row[i + 1]! - low);
      }
    }
  }
  return out;
}

interface Interpolation {
  /** Points of the coarse axis. */
  count: number;
  low: Int32Array;
  weight: Float32Array;
}

function interpolation(n: number, cell: number, shift: number): Interpolation {
  const low = new Int32Array(n);
  const weight = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const at = i / cell + shift;
    low[i] = Math.floor(at);
    weight[i] = at - low[i]!;
  }
  return { count: low[n - 1]! + 2, low, weight };
}
