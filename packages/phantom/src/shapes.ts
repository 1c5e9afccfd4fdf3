/**
 * Implicit shapes and swept tubes. A field is negative inside and grows about one millimetre per millimetre, so
 * that its level can be moved to give an organ a wanted volume. Fields live in the reference man's frame (see
 * body.ts); tubes in world millimetres, where their radii are true.
 */
import type { Vec3 } from "@viscera/core";

export type Field = (u: number, v: number, w: number) => number;

export interface Box {
  min: Vec3;
  max: Vec3;
}

/** What becomes of the tissue already there: its id -> the new id; 0 leaves it. */
export type Recolour = Uint8Array;

export interface Solid {
  kind: "solid";
  name: string;
  recolour: Recolour;
  /** Reference frame. */
  box: Box;
  field: Field;
  /** Voxels with field < level belong to the solid. */
  level: number;
  /** The volume the level is to be set for; null keeps the level. */
  targetMl: number | null;
}

export interface Tube {
  kind: "tube";
  name: string;
  recolour: Recolour;
  /** x, y, z of each point of the centre line, world mm. */
  points: Float64Array;
  radii: Float64Array;
  /** Distances along z count this much: below 1 the section is higher than wide. */
  zWeight: number;
  /** Added to every radius, mm. */
  level: number;
  targetMl: number | null;
}

export type Shape = Solid | Tube;

/** Paints only where nothing is yet. */
export function paint(id: number): Recolour {
  const map = new Uint8Array(256);
  map[0] = id;
  return map;
}

/** Turns the tissues `from` into others, pair by pair. */
export function recolour(pairs: readonly (readonly [from: number, to: number])[]): Recolour {
  const map = new Uint8Array(256);
  for (const [from, to] of pairs) map[from] = to;
  return map;
}

/** Smooth minimum (polynomial, blending over `k` mm): the union of two fields. */
export function smoothUnion(a: number, b: number, k: number): number {
  const h = Math.max(k - Math.abs(a - b), 0) / k;
  return Math.min(a, b) - h * h * k * 0.25;
}

/** Smooth maximum: the intersection of two fields. */
export function smoothIntersection(a: number, b: number, k: number): number {
  const h = Math.max(k - Math.abs(a - b), 0) / k;
  return Math.max(a, b) + h * h * k * 0.25;
}

export function normalise([x, y, z]: Vec3): Vec3 {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

export function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** Right-handed unit axes: the first along `along`, the second as near to `towards` as it can be. */
export function axesAlong(along: Vec3, towards: Vec3): readonly [Vec3, Vec3, Vec3] {
  const e1 = normalise(along);
  const dot = towards[0] * e1[0] + towards[1] * e1[1] + towards[2] * e1[2];
  const e2 = normalise([towards[0] - dot * e1[0], towards[1] - dot * e1[1], towards[2] - dot * e1[2]]);
  return [e1, e2, cross(e1, e2)];
}

const UPRIGHT: readonly [Vec3, Vec3, Vec3] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** An ellipsoid's approximate distance field (exact at the surface to first order). Half axes in mm. */
export function ellipsoid(centre: Vec3, half: Vec3, axes = UPRIGHT): Field {
  const [cx, cy, cz] = centre;
  const [[ax, ay, az], [bx, by, bz], [dx, dy, dz]] = axes;
  const [ra, rb, rc] = half;
  const smallest = Math.min(ra, rb, rc);
  return (u, v, w) => {
    const x = u - cx;
    const y = v - cy;
    const z = w - cz;
    const a = (x * ax + y * ay + z * az) / ra;
    const b = (x * bx + y * by + z * bz) / rb;
    const c = (x * dx + y * dy + z * dz) / rc;
    const k0 = Math.sqrt(a * a + b * b + c * c);
    const k1 = Math.sqrt((a * a) / (ra * ra) + (b * b) / (rb * rb) + (c * c) / (rc * rc));
    return k1 < 1e-9 ? -smallest : (k0 * (k0 - 1)) / k1;
  };
}

/** A box with rounded edges along given axes: half extents include the rounding. */
export function roundedBox(centre: Vec3, half: Vec3, radius: number, axes = UPRIGHT): Field {
  const [cx, cy, cz] = centre;
  const [[ax, ay, az], [bx, by, bz], [dx, dy, dz]] = axes;
  const [ha, hb, hc] = [half[0] - radius, half[1] - radius, half[2] - radius];
  return (u, v, w) => {
    const x = u - cx;
    const y = v - cy;
    const z = w - cz;
    const a = Math.abs(x * ax + y * ay + z * az) - ha;
    const b = Math.abs(x * bx + y * by + z * bz) - hb;
    const c = Math.abs(x * dx + y * dy + z * dz) - hc;
    const a0 = Math.max(a, 0);
    const b0 = Math.max(b, 0);
    const c0 = Math.max(c, 0);
    return Math.sqrt(a0 * a0 + b0 * b0 + c0 * c0) + Math.min(Math.max(a, b, c), 0) - radius;
  };
}

/** Distance to a segment minus a radius that changes linearly along it. */
export function roundCone(from: Vec3, to: Vec3, radiusFrom: number, radiusTo: number): Field {
  const [x0, y0, z0] = from;
  const dx = to[0] - x0;
  const dy = to[1] - y0;
  const dz = to[2] - z0;
  const inverse = 1 / (dx * dx + dy * dy + dz * dz);
  return (u, v, w) => {
    const x = u - x0;
    const y = v - y0;
    const z = w - z0;
    const t = Math.min(1, Math.max(0, (x * dx + y * dy + z * dz) * inverse));
    const ex = x - t * dx;
    const ey = y - t * dy;
    const ez = z - t * dz;
    return Math.sqrt(ex * ex + ey * ey + ez * ez) - radiusFrom - t * (radiusTo - radiusFrom);
  };
}

/** Box around points, widened by `margin`. */
export function boxAround(points: readonly Vec3[], margin: number): Box {
  const of = (pick: (...values: number[]) => number, sign: number) =>
    [0, 1, 2].map((axis) => pick(...points.map((p) => p[axis]!)) + sign * margin) as unknown as Vec3;
  return { min: of(Math.min, -1), max: of(Math.max, 1) };
}

/** A control point of a tube: position and radius, mm. */
export type Control = readonly [x: number, y: number, z: number, radius: number];

/**
 * Centripetal-like Catmull-Rom spline through control points, sampled about every `stepMm`. Radii follow the
 * same spline but never leave the range of the two controls around them.
 */
export function spline(
  controls: readonly Control[],
  stepMm: number,
): { points: Float64Array; radii: Float64Array } {
  const out: number[] = [];
  const radii: number[] = [];
  const last = controls.length - 1;
  for (let i = 0; i < last; i++) {
    const p1 = controls[i]!;
    const p2 = controls[i + 1]!;
    const p0 = controls[Math.max(0, i - 1)]!;
    const p3 = controls[Math.min(last, i + 2)]!;
    const length = Math.hypot(p2[0] - p1[0], p2[1] - p1[1], p2[2] - p1[2]);
    const before = Math.hypot(p1[0] - p0[0], p1[1] - p0[1], p1[2] - p0[2]) || length;
    const after = Math.hypot(p3[0] - p2[0], p3[1] - p2[1], p3[2] - p2[2]) || length;
    const steps = Math.max(1, Math.ceil(length / stepMm));
    for (let s = i === 0 ? 0 : 1; s <= steps; s++) {
      const t = s / steps;
      const h00 = (1 + 2 * t) * (1 - t) ** 2;
      const h10 = t * (1 - t) ** 2;
      const h01 = t * t * (3 - 2 * t);
      const h11 = t * t * (t - 1);
      for (let axis = 0; axis < 3; axis++) {
        // Tangents by distance, so that unevenly spaced controls make no loops.
        const m1 = ((p2[axis]! - p0[axis]!) / (before + length)) * length * (i === 0 ? 0.8 : 1);
        const m2 = ((p3[axis]! - p1[axis]!) / (length + after)) * length * (i === last - 1 ? 0.8 : 1);
        out.push(h00 * p1[axis]! + h10 * m1 + h01 * p2[axis]! + h11 * m2);
      }
      radii.push(p1[3] + t * t * (3 - 2 * t) * (p2[3] - p1[3]));
    }
  }
  return { points: Float64Array.from(out), radii: Float64Array.from(radii) };
}
