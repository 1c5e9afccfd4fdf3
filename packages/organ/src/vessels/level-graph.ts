/**
 * The level-set diagram of a vessel (Verroust and Lazarus, The Visual Computer 16, 2000): the geodesic distance from
 * one end cuts it into bands, the connected parts of the bands are nodes, and parts that touch are joined. Ends are
 * nodes with nothing beyond them, branch points have several parts beyond them, and where the mask runs in a ring two
 * parts meet again. One diagram finds ends, branches and loops alike.
 */
import type { Affine, Size3 } from "@viscera/core";
import type { Neighbours } from "./neighbours.js";
import type { Point } from "./vector.js";

export interface LevelNode {
  level: number;
  /** Largest geodesic distance of its voxels, mm. */
  farMm: number;
  /** Mean of the voxels' positions, those deep inside counting more. */
  centre: Point;
  /** Largest distance from the surface of its voxels, mm. */
  radiusMm: number;
  voxels: number;
  weight: number;
  lower: Set<number>;
  upper: Set<number>;
  alive: boolean;
}

export interface LevelGraph {
  nodes: LevelNode[];
  bandMm: number;
}

/** `depth`: mm to the surface inside the mask. */
export function levelGraph(
  mask: Uint8Array,
  size: Size3,
  affine: Affine,
  geodesic: Float32Array,
  depth: Float32Array,
  bandMm: number,
  { step }: Neighbours,
): LevelGraph {
  const [nx, ny] = size;
  const nodeOf = new Int32Array(mask.length).fill(-1);
  const nodes: LevelNode[] = [];
  const levelOf = (v: number) => Math.floor(geodesic[v]! / bandMm);
  const stack: number[] = [];
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || nodeOf[seed] !== -1 || !Number.isFinite(geodesic[seed])) continue;
    const level = levelOf(seed);
    const number = nodes.length;
    let [x, y, z, weight, voxels, far, radius] = [0, 0, 0, 0, 0, 0, 0];
    nodeOf[seed] = number;
    stack.push(seed);
    while (stack.length > 0) {
      const v = stack.pop()!;
      const i = v % nx;
      const j = ((v - i) / nx) % ny;
      const k = Math.floor(v / (nx * ny));
      const d = Math.max(depth[v]!, bandMm / 10);
      const w = d * d;
      x += w * i;
      y += w * j;
      z += w * k;
      weight += w;
      voxels++;
      far = Math.max(far, geodesic[v]!);
      radius = Math.max(radius, depth[v]!);
      for (const s of step) {
        const n = v + s;
        if (mask[n] === 0 || nodeOf[n] !== -1 || levelOf(n) !== level) continue;
        nodeOf[n] = number;
        stack.push(n);
      }
    }
    const at = (row: number) =>
      (affine[row]! * x + affine[row + 1]! * y + affine[row + 2]! * z) / weight + affine[row + 3]!;
    nodes.push({
      level,
      farMm: far,
      centre: [at(0), at(4), at(8)],
      radiusMm: radius,
      voxels,
      weight,
      lower: new Set(),
      upper: new Set(),
      alive: true,
    });
  }
  for (let v = 0; v < mask.length; v++) {
    const a = nodeOf[v]!;
    if (a < 0) continue;
    for (const s of step) {
      const b = nodeOf[v + s]!;
      if (b < 0 || nodes[b]!.level <= nodes[a]!.level) continue;
      nodes[a]!.upper.add(b);
      nodes[b]!.lower.add(a);
    }
  }
  return { nodes, bandMm };
}

/** Makes one node of two of the same level. */
export function mergeNodes({ nodes }: LevelGraph, keep: number, gone: number): void {
  const a = nodes[keep]!;
  const b = nodes[gone]!;
  const weight = a.weight + b.weight;
  a.centre = a.centre.map((value, axis) => (value * a.weight + b.centre[axis]! * b.weight) / weight) as Point;
  a.weight = weight;
  a.voxels += b.voxels;
  a.farMm = Math.max(a.farMm, b.farMm);
  a.radiusMm = Math.max(a.radiusMm, b.radiusMm);
  for (const n of b.lower) {
    nodes[n]!.upper.delete(gone);
    nodes[n]!.upper.add(keep);
    a.lower.add(n);
  }
  for (const n of b.upper) {
    nodes[n]!.lower.delete(gone);
    nodes[n]!.lower.add(keep);
    a.upper.add(n);
  }
  b.lower.clear();
  b.upper.clear();
  b.alive = false;
}

export function removeNode({ nodes }: LevelGraph, gone: number): void {
  const node = nodes[gone]!;
  for (const n of node.lower) nodes[n]!.upper.delete(gone);
  for (const n of node.upper) nodes[n]!.lower.delete(gone);
  node.lower.clear();
  node.upper.clear();
  node.alive = false;
}

export function unlink({ nodes }: LevelGraph, lower: number, upper: number): void {
  nodes[lower]!.upper.delete(upper);
  nodes[upper]!.lower.delete(lower);
}
