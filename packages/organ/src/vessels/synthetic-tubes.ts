/** For tests only: voxel masks of tubes of known course and radius. */
import {
  type Affine,
  affineOf,
  applyToPoint,
  invert,
  type Label,
  type LabelMap,
  RandomStream,
  type Size3,
} from "@viscera/core";
import { add, distance, dot, type Point, planeOf, subtract } from "./vector.js";

/** A tube along a polyline, with a radius at each point; round at both ends. */
export interface Tube {
  points: Point[];
  radiiMm: number[];
}

export const LABEL: Label = { id: 1, name: "vessel", snomed: null, color: "#c8202f", source: "phantom" };

/** A tube along a curve; `count` pieces. */
export function tubeAlong(curve: (t: number) => Point, radiusMm: (t: number) => number, count = 40): Tube {
  const ts = Array.from({ length: count + 1 }, (_, i) => i / count);
  return { points: ts.map(curve), radiiMm: ts.map(radiusMm) };
}

/** Voxels whose centres lie in a tube; `noiseMm`: standard deviation by which the wall is moved at each voxel. */
export function voxelised(
  tubes: readonly Tube[],
  size: Size3,
  affine: Affine,
  { noiseMm = 0, seed = 1 }: { noiseMm?: number; seed?: number } = {},
): LabelMap {
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  const random = new RandomStream(seed, "organ.tubes");
  const inverse = invert(affine);
  const spacing = Math.cbrt(Math.abs(affine[0]! * affine[5]! * affine[10]!)) || 1;
  for (const { points, radiiMm } of tubes)
    for (let s = 0; s + 1 < points.length; s++) {
      const [a, b] = [points[s]!, points[s + 1]!];
      const along = subtract(b, a);
      const squared = dot(along, along);
      const reach = Math.max(radiiMm[s]!, radiiMm[s + 1]!) + 4 * noiseMm + spacing;
      const corners = [a, b].flatMap((p) =>
        [...Array(8).keys()].map((c) =>
          applyToPoint(inverse, [
            p[0] + (c & 1 ? reach : -reach),
            p[1] + (c & 2 ? reach : -reach),
            p[2] + (c & 4 ? reach : -reach),
          ]),
        ),
      );
      const [low, high] = [0, 1, 2].reduce<[number[], number[]]>(
        ([l, h], axis) => [
          [...l, Math.max(0, Math.floor(Math.min(...corners.map((c) => c[axis]!))))],
          [...h, Math.min(size[axis]! - 1, Math.ceil(Math.max(...corners.map((c) => c[axis]!))))],
        ],
        [[], []],
      );
      for (let k = low[2]!; k <= high[2]!; k++)
        for (let j = low[1]!; j <= high[1]!; j++)
          for (let i = low[0]!; i <= high[0]!; i++) {
            const v = i + size[0] * (j + size[1] * k);
            if (data[v]) continue;
            const p = applyToPoint(affine, [i, j, k]);
            const t = squared > 0 ? Math.min(1, Math.max(0, dot(subtract(p, a), along) / squared)) : 0;
            const nearest: Point = [a[0] + t * along[0], a[1] + t * along[1], a[2] + t * along[2]];
            const radius = radiiMm[s]! + t * (radiiMm[s + 1]! - radiiMm[s]!);
            const shift = noiseMm > 0 ? noiseMm * random.normal(1, v) : 0;
            if (distance(p, nearest) < radius + shift) data[v] = 1;
          }
    }
  return { data, size, affine, labels: [LABEL] };
}

export interface RandomTree {
  tubes: Tube[];
  size: Size3;
  affine: Affine;
  noiseMm: number;
  ends: number;
  branches: number;
  /** The true radius at the axis nearest to a point, and how far off the axis the point is. */
  nearest(p: Point): { radiusMm: number; offMm: number };
}

/**
 * A tree of one to three bifurcations (Murray's law, half angles of 25 to 45 degrees, slightly tapered limbs), turned at
 * random, on voxels of 0.3 to 1 mm that may be twice as long in one direction.
 */
export function randomTree(seed: number): RandomTree {
  const random = new RandomStream(seed, "organ.random-tree");
  let draw = 0;
  const uniform = (low: number, high: number) => low + (high - low) * random.uniform(2, draw++);
  const spacing = uniform(0.3, 1);
  const long = uniform(0, 1) < 0.5 ? 1 : uniform(1, 2);
  const spacingMm: Point = [spacing, spacing, spacing * long];
  const voxel = Math.cbrt(spacing ** 3 * long);
  const turn = randomRotation(uniform);
  const rotate = (p: Point): Point =>
    [0, 3, 6].map((r) => turn[r]! * p[0] + turn[r + 1]! * p[1] + turn[r + 2]! * p[2]) as Point;
  const tubes: Tube[] = [];
  const limb = (from: Point, direction: Point, radiusMm: number, depth: number): number => {
    const lengthMm = radiusMm * uniform(8, 11);
    const to: Point = [0, 1, 2].map((a) => from[a]! + lengthMm * direction[a]!) as Point;
    const taper = uniform(0.85, 1);
    tubes.push({ points: [from, to], radiiMm: [radiusMm, radiusMm * taper] });
    if (depth === 0) return 0;
    const [a, b] = planeOf(direction);
    const roll = uniform(0, Math.PI);
    const aside: Point = [0, 1, 2].map((x) => Math.cos(roll) * a[x]! + Math.sin(roll) * b[x]!) as Point;
    const share = uniform(0.35, 0.65);
    let branches = 1;
    for (const [side, part] of [
      [1, share],
      [-1, 1 - share],
    ] as const) {
      const angle = (side * uniform(25, 45) * Math.PI) / 180;
      const next: Point = [0, 1, 2].map(
        (x) => Math.cos(angle) * direction[x]! + Math.sin(angle) * aside[x]!,
      ) as Point;
      branches += limb(to, next, radiusMm * taper * Math.cbrt(part), side === 1 && depth > 1 ? depth - 1 : 0);
    }
    return branches;
  };
  const branches = limb([0, 0, 0], [0, 0, 1], voxel * uniform(3, 5.5), uniform(0, 1) < 0.5 ? 1 : 2);
  for (const tube of tubes) tube.points = tube.points.map(rotate);
  const all = tubes.flatMap(({ points, radiiMm }) => points.map((p, i) => ({ p, r: radiiMm[i]! })));
  const low = [0, 1, 2].map(
    (a) => Math.min(...all.map(({ p, r }) => p[a]! - r)) - 4 * spacingMm[a]!,
  ) as Point;
  const high = [0, 1, 2].map((a) => Math.max(...all.map(({ p, r }) => p[a]! + r)) + 4 * spacingMm[a]!);
  const size = [0, 1, 2].map((a) => Math.ceil((high[a]! - low[a]!) / spacingMm[a]!) + 1) as [
    number,
    number,
    number,
  ];
  return {
    tubes,
    size,
    affine: affineOf(spacingMm, low),
    noiseMm: uniform(0, 1) < 0.4 ? 0 : 0.35 * voxel,
    ends: branches + 2,
    branches,
    nearest: (p) => nearestAxis(tubes, p),
  };
}

export function nearestAxis(tubes: readonly Tube[], p: Point): { radiusMm: number; offMm: number } {
  let best = { radiusMm: 0, offMm: Infinity };
  for (const { points, radiiMm } of tubes)
    for (let s = 0; s + 1 < points.length; s++) {
      const along = subtract(points[s + 1]!, points[s]!);
      const t = Math.min(1, Math.max(0, dot(subtract(p, points[s]!), along) / dot(along, along)));
      const offMm = distance(p, add(points[s]!, along, t));
      if (offMm < best.offMm) best = { offMm, radiusMm: radiiMm[s]! + t * (radiiMm[s + 1]! - radiiMm[s]!) };
    }
  return best;
}

/** Row by row, from a uniformly distributed unit quaternion (Shoemake 1992). */
function randomRotation(uniform: (low: number, high: number) => number): number[] {
  const [u, v, w] = [uniform(0, 1), uniform(0, 2 * Math.PI), uniform(0, 2 * Math.PI)];
  const [x, y, z, q] = [
    Math.sqrt(1 - u) * Math.sin(v),
    Math.sqrt(1 - u) * Math.cos(v),
    Math.sqrt(u) * Math.sin(w),
    Math.sqrt(u) * Math.cos(w),
  ];
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - z * q),
    2 * (x * z + y * q),
    2 * (x * y + z * q),
    1 - 2 * (x * x + z * z),
    2 * (y * z - x * q),
    2 * (x * z - y * q),
    2 * (y * z + x * q),
    1 - 2 * (x * x + y * y),
  ];
}
