import type { LabelSurfaces } from "./label-surfaces.js";
import type { VertexBounds } from "./vertex-bounds.js";
import { FIXED } from "./vertex-bounds.js";

export interface SmoothOptions {
  /** Steps of the accelerated descent; more of them flatten longer terraces. Default 50. */
  steps?: number;
  /** Called before each step; may throw to stop. */
  onStep?: (done: number, total: number) => void;
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

/** Step length of the descent: the squared umbrella operator has eigenvalues up to 4. */
const STEP = 0.25;

/**
 * Smooths the positions of all surfaces at once, in place: minimises the thin-plate energy |Lx|^2, where L is
 * the mean of the neighbours less the vertex itself, while every vertex stays within its bounds. A flat or
 * gently curved surface that was digitised finds its way between the voxels again, and the terraces go; unlike
 * the membrane energy of constrained elastic surface nets (Gibson, doi:10.1007/BFb0056277) this hardly shrinks
 * curved surfaces. Solved by projected gradient descent with momentum and restarts (FISTA, Beck & Teboulle,
 * doi:10.1137/080716542; O'Donoghue & Candes, doi:10.1007/s10208-013-9150-3). Equal weights make the result
 * the same in voxels as in millimetres. Shared faces move once, for both neighbours.
 */
export function smoothSurfaces(
  surfaces: LabelSurfaces,
  bounds: VertexBounds,
  options: SmoothOptions = {},
): void {
  const { steps = 50, onStep } = options;
  const { start, list } = neighboursOf(surfaces);
  const vertices = surfaces.kind.length;
  const { fixed } = bounds;
  const x = surfaces.positions;
  const ahead = x.slice();
  const bend = new Float32Array(x.length);
  const next = new Float32Array(3);
  let t = 1;
  for (let step = 0; step < steps; step++) {
    onStep?.(step, steps);
    umbrella(start, list, ahead, bend);
    const following = (1 + Math.sqrt(1 + 4 * t * t)) / 2;
    const momentum = (t - 1) / following;
    let uphill = 0;
    for (let v = 0; v < vertices; v++) {
      const keep = fixed[v]!;
      const first = start[v]!;
      const end = start[v + 1]!;
      if (keep & FIXED || first === end) continue;
      let bx = 0;
      let by = 0;
      let bz = 0;
      for (let i = first; i < end; i++) {
        const n = 3 * list[i]!;
        bx += bend[n]!;
        by += bend[n + 1]!;
        bz += bend[n + 2]!;
      }
      const share = 1 / (end - first);
      const p = 3 * v;
      next[0] = keep & 1 ? x[p]! : ahead[p]! - STEP * (bx * share - bend[p]!);
      next[1] = keep & 2 ? x[p + 1]! : ahead[p + 1]! - STEP * (by * share - bend[p + 1]!);
      next[2] = keep & 4 ? x[p + 2]! : ahead[p + 2]! - STEP * (bz * share - bend[p + 2]!);
      bounds.clamp(next, 0, v);
      const mx = next[0]! - x[p]!;
      const my = next[1]! - x[p + 1]!;
      const mz = next[2]! - x[p + 2]!;
      uphill +=
        (ahead[p]! - next[0]!) * mx + (ahead[p + 1]! - next[1]!) * my + (ahead[p + 2]! - next[2]!) * mz;
      x[p] = next[0]!;
      x[p + 1] = next[1]!;
      x[p + 2] = next[2]!;
      ahead[p] = next[0]! + momentum * mx;
      ahead[p + 1] = next[1]! + momentum * my;
      ahead[p + 2] = next[2]! + momentum * mz;
    }
    t = uphill > 0 ? 1 : following;
  }
}

/** out = mean of the neighbours - the vertex itself, 3 numbers a vertex. */
function umbrella(start: Uint32Array, list: Uint32Array, from: Float32Array, out: Float32Array): void {
  for (let v = 0; v < start.length - 1; v++) {
    const first = start[v]!;
    const end = start[v + 1]!;
    if (first === end) continue;
    let x = 0;
    let y = 0;
    let z = 0;
    for (let i = first; i < end; i++) {
      const n = 3 * list[i]!;
      x += from[n]!;
      y += from[n + 1]!;
      z += from[n + 2]!;
    }
    const share = 1 / (end - first);
    out[3 * v] = x * share - from[3 * v]!;
    out[3 * v + 1] = y * share - from[3 * v + 1]!;
    out[3 * v + 2] = z * share - from[3 * v + 2]!;
  }
}
