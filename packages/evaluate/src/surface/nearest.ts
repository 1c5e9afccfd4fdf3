/**
 * Exact Euclidean distances from the points of one surface to the nearest point of another on the same grid, in double
 * precision. Points near the other surface look for it in growing rows around them; once that has taken more steps
 * than the alternative would, the rest is done plane by plane by lower envelopes of parabolas. Both give the minimum
 * of the same sums, ((dx sx)^2 + (dy sy)^2) + (dz sz)^2.
 */
import type { Vec3 } from "@viscera/core";
import { SquaredPlanes } from "./squared-planes.js";
import type { SurfacePoints } from "./surface-points.js";

/** Rows that may be looked at for each point of the grid before the planes take over: less than these take. */
const ROWS_PER_POINT = 0.5;

/**
 * Distance in mm from each point of `from` to the nearest point of `to`; Infinity where `to` is empty. `rowBudget`
 * (tests only) is the number of rows after which the planes take over.
 */
export function nearestDistances(
  from: SurfacePoints,
  to: SurfacePoints,
  spacingMm: Vec3,
  rowBudget = ROWS_PER_POINT * to.bits.size[0] * to.bits.size[1] * to.bits.size[2],
): Float64Array {
  const distances = new Float64Array(from.count).fill(Number.POSITIVE_INFINITY);
  if (to.count === 0 || from.count === 0) return distances;
  const squares = spacingMm.map((s, axis) =>
    Float64Array.from({ length: to.bits.size[axis]! + 1 }, (_, d) => (d * s) ** 2),
  ) as [Float64Array, Float64Array, Float64Array];
  const done = searchRows(from, to, squares, spacingMm, distances, rowBudget);
  if (done < from.count) new SquaredPlanes(to, squares).distances(from, done, distances);
  for (let n = 0; n < distances.length; n++) distances[n] = Math.sqrt(distances[n]!);
  return distances;
}

/** Searches for the points in order and gives how many it did; writes squared distances. */
function searchRows(
  from: SurfacePoints,
  to: SurfacePoints,
  [sx, sy, sz]: readonly [Float64Array, Float64Array, Float64Array],
  spacingMm: Vec3,
  out: Float64Array,
  rowBudget: number,
): number {
  const { size, rowWords, words } = to.bits;
  const [, ny, nz] = size;
  let budget = rowBudget;
  let lastX = 0;
  let lastY = 0;
  let lastZ = 0;
  let lastDistance = Number.POSITIVE_INFINITY;
  for (let n = 0; n < from.count; n++) {
    if (budget < 0) return n;
    const x = from.x[n]!;
    const y = from.y[n]!;
    const z = from.z[n]!;
    // No point can be further from the surface than the last one was plus the way between; the slack is for rounding.
    const reach =
      lastDistance +
      Math.abs(x - lastX) * spacingMm[0] +
      Math.abs(y - lastY) * spacingMm[1] +
      Math.abs(z - lastZ) * spacingMm[2];
    let bound = reach * reach * (1 + 1e-9) + Number.MIN_VALUE;
    let best = Number.POSITIVE_INFINITY;
    for (let dz = 0; dz < nz; dz++) {
      const squareZ = sz[dz]!;
      if (squareZ > bound) break;
      for (let upZ = dz === 0 ? 1 : 0; upZ < 2; upZ++) {
        const rowZ = upZ ? z + dz : z - dz;
        if (rowZ < 0 || rowZ >= nz) continue;
        for (let dy = 0; dy < ny; dy++) {
          const squareY = sy[dy]!;
          if (squareY + squareZ > bound) break;
          for (let upY = dy === 0 ? 1 : 0; upY < 2; upY++) {
            const rowY = upY ? y + dy : y - dy;
            if (rowY < 0 || rowY >= ny) continue;
            budget--;
            const dx = nearestInRow(
              words,
              rowWords * (rowY + ny * rowZ),
              rowWords,
              x,
              sx,
              limitOf(bound, squareY + squareZ),
            );
            if (dx < 0) continue;
            const square = sx[dx]! + squareY + squareZ;
            if (square < best) {
              best = square;
              if (square < bound) bound = square;
            }
          }
        }
      }
    }
    out[n] = best;
    lastX = x;
    lastY = y;
    lastZ = z;
    lastDistance = Math.sqrt(best);
  }
  return from.count;
}

/** What is left of the bound along x, and a rounding more. */
function limitOf(bound: number, square: number): number {
  return bound * (1 + 1e-12) - square;
}

/**
 * Steps from x to the nearest set bit of a row, to either side; -1 where it has none, or none whose square is
 * at most `limit`.
 */
function nearestInRow(
  words: Int32Array,
  row: number,
  rowWords: number,
  x: number,
  squares: Float64Array,
  limit: number,
): number {
  const middle = x >> 5;
  const bit = x & 31;
  const word = words[row + middle]!;
  const above = word >>> bit;
  const below = word << (31 - bit);
  let right = above !== 0 ? 31 - Math.clz32(above & -above) : -1;
  let left = below !== 0 ? Math.clz32(below) : -1;
  if (right < 0) {
    // First bit of the next word is 32 - bit steps away.
    for (let w = middle + 1, steps = 32 - bit; w < rowWords; w++, steps += 32) {
      if (steps >= squares.length || squares[steps]! > limit || (left >= 0 && steps > left)) break;
      const next = words[row + w]!;
      if (next !== 0) {
        right = steps + 31 - Math.clz32(next & -next);
        break;
      }
    }
  }
  if (left < 0) {
    for (let w = middle - 1, steps = bit + 1; w >= 0; w--, steps += 32) {
      if (steps >= squares.length || squares[steps]! > limit || (right >= 0 && steps > right)) break;
      const next = words[row + w]!;
      if (next !== 0) {
        left = steps + Math.clz32(next);
        break;
      }
    }
  }
  if (right < 0) return left;
  if (left < 0) return right;
  return left < right ? left : right;
}
