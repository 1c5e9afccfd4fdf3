import type { LabelSurfaces } from "./label-surfaces.js";
import type { VertexBounds } from "./vertex-bounds.js";
import { FIXED } from "./vertex-bounds.js";

export interface SmoothOptions {
  /** Pairs of a shrinking and a growing step. */
  iterations?: number;
  /** Weight of the shrinking step. */
  lambda?: number;
  /** Weight of the growing step, negative and a little larger. */
  mu?: number;
}

/** Neighbours of each vertex: `list[start[v]] ... list[start[v + 1] - 1]`. */
interface Neighbours {
  start: Uint32Array;
  list: Uint32Array;
}

/**
 * Neighbours that pull at a vertex: along its edges, but for vertices on curves where three or more labels
 * meet, or where a cap is cut, only those along the curve, so that such curves do not give way sideways.
 */
function neighboursOf(surfaces: LabelSurfaces): Neighbours {
  const { edges, edgeIsJunction } = surfaces;
  const vertices = surfaces.kind.length;
  const junctions = new Uint8Array(vertices);
  for (let e = 0; e < edgeIsJunction.length; e++)
    if (edgeIsJunction[e])
      for (const v of [edges[2 * e]!, edges[2 * e + 1]!]) junctions[v] = Math.min(2, junctions[v]! + 1);
  const pulls = (v: number, e: number): boolean => junctions[v]! < 2 || edgeIsJunction[e] === 1;
  const start = new Uint32Array(vertices + 1);
  for (let e = 0; e < edgeIsJunction.length; e++) {
    if (pulls(edges[2 * e]!, e)) start[edges[2 * e]! + 1]!++;
    if (pulls(edges[2 * e + 1]!, e)) start[edges[2 * e + 1]! + 1]!++;
  }
  for (let v = 0; v < vertices; v++) start[v + 1]! += start[v]!;
  const list = new Uint32Array(start[vertices]!);
  const fill = start.slice();
  for (let e = 0; e < edgeIsJunction.length; e++) {
    const a = edges[2 * e]!;
    const b = edges[2 * e + 1]!;
    if (pulls(a, e)) list[fill[a]!++] = b;
    if (pulls(b, e)) list[fill[b]!++] = a;
  }
  return { start, list };
}

/**
 * Smooths the positions of all surfaces at once, in place, by Taubin's shrink-and-grow filter
 * (doi:10.1145/218380.218473) with equal weights, which is the same in voxels as in millimetres. Vertices stay
 * within their bounds. Shared faces move once, for both neighbours.
 */
export function smoothSurfaces(
  surfaces: LabelSurfaces,
  bounds: VertexBounds,
  options: SmoothOptions = {},
): void {
  const { iterations = 20, lambda = 0.5, mu = -0.53 } = options;
  const { start, list } = neighboursOf(surfaces);
  const vertices = surfaces.kind.length;
  const { fixed } = bounds;
  let from: Float32Array = surfaces.positions;
  let to: Float32Array = from.slice();
  for (let step = 0; step < 2 * iterations; step++) {
    const weight = step % 2 === 0 ? lambda : mu;
    for (let v = 0; v < vertices; v++) {
      const keep = fixed[v]!;
      const first = start[v]!;
      const end = start[v + 1]!;
      if (keep & FIXED || first === end) continue;
      let x = 0;
      let y = 0;
      let z = 0;
      for (let i = first; i < end; i++) {
        const n = 3 * list[i]!;
        x += from[n]!;
        y += from[n + 1]!;
        z += from[n + 2]!;
      }
      const share = weight / (end - first);
      const p = 3 * v;
      if (!(keep & 1)) to[p] = from[p]! * (1 - weight) + x * share;
      if (!(keep & 2)) to[p + 1] = from[p + 1]! * (1 - weight) + y * share;
      if (!(keep & 4)) to[p + 2] = from[p + 2]! * (1 - weight) + z * share;
      bounds.clamp(to, v);
    }
    [from, to] = [to, from];
  }
  // An even number of steps ends in the array it began with.
}
