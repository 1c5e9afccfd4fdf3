import { Buckets, type Neighbours } from "./neighbours.js";

/**
 * Length of the shortest way through a mask (from voxel centre to voxel centre, 26 neighbours) from one voxel to
 * every other, mm; Infinity where there is none. The mask's outermost layer of voxels must be empty.
 */
export function geodesicDistance(
  mask: Uint8Array,
  start: number,
  { step, lengthMm, shortestMm }: Neighbours,
): Float32Array {
  const distance = new Float32Array(mask.length).fill(Infinity);
  const settled = new Uint8Array(mask.length);
  const queue = new Buckets(shortestMm);
  distance[start] = 0;
  queue.push(start, 0);
  for (let v = queue.pop(); v >= 0; v = queue.pop()) {
    if (settled[v]) continue;
    settled[v] = 1;
    const here = distance[v]!;
    for (let n = 0; n < step.length; n++) {
      const w = v + step[n]!;
      if (mask[w] === 0 || settled[w]) continue;
      const there = here + lengthMm[n]!;
      if (there < distance[w]!) {
        distance[w] = there;
        queue.push(w, there);
      }
    }
  }
  return distance;
}

/** The voxel of a mask with the largest finite value; the first of several. */
export function largestIn(mask: Uint8Array, values: Float32Array): number {
  let best = -1;
  for (let v = 0; v < mask.length; v++)
    if (mask[v] && Number.isFinite(values[v]) && (best < 0 || values[v]! > values[best]!)) best = v;
  return best;
}
