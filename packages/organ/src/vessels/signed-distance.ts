/**
 * A signed distance field of a mask that is smooth and finer than a voxel. The mask is blurred; where the blurred
 * mask is one half lies the surface, and beside it the distance along the gradient follows from the blurred value (a
 * blurred plane is the normal distribution's integral). From there the nearest points of the surface are handed on
 * from voxel to voxel (Danielsson 1980, doi:10.1016/0146-664X(80)90054-4, in order of distance), so that the
 * distance is Euclidean and free of the half voxel by which a transform of the bare mask is too long.
 */
import { type Affine, invert, type JobOptions, type Size3 } from "@viscera/core";
import { gaussianSmooth } from "@viscera/kernels";
import { Field } from "./field.js";
import { Buckets, neighboursOf } from "./neighbours.js";
import type { Point } from "./vector.js";

/** Standard deviation of the blur, voxels along each axis: the least that hides the steps between voxels. */
export const BLUR_VOXELS = 0.8;
/** What interpolating between voxels blurs besides, as a variance in voxels. */
const INTERPOLATION_VARIANCE = 1 / 6;

export interface SmoothSurface {
  /** The mask blurred, 0 to 1; its surface is at 0.5. */
  occupancy: Field;
  /** mm to the surface, positive inside; -Infinity further outside than asked for. */
  distance: Field;
  /** Variance of the blur in the plane perpendicular to a direction, mm2 (mean over the plane). */
  blurAcross(direction: Point): number;
}

/** `bandMm`: how far outside distances are wanted. */
export async function smoothSurface(
  mask: Uint8Array,
  size: Size3,
  affine: Affine,
  bandMm: number,
  options: JobOptions = {},
): Promise<SmoothSurface> {
  const blurred = await gaussianSmooth(mask, size, [BLUR_VOXELS, BLUR_VOXELS, BLUR_VOXELS], options);
  const variance = BLUR_VOXELS ** 2 + INTERPOLATION_VARIANCE;
  const columns = [0, 1, 2].map((axis) => [affine[axis]!, affine[4 + axis]!, affine[8 + axis]!] as Point);
  const along = (n: Point) =>
    variance * columns.reduce((sum, c) => sum + (c[0] * n[0] + c[1] * n[1] + c[2] * n[2]) ** 2, 0);
  const total = variance * columns.reduce((sum, c) => sum + c[0] ** 2 + c[1] ** 2 + c[2] ** 2, 0);
  return {
    occupancy: new Field(blurred, size, affine),
    distance: new Field(distances(blurred, size, affine, bandMm), size, affine),
    blurAcross: (direction) => (total - along(direction)) / 2,
  };
}

function distances(plain: Float32Array, size: Size3, affine: Affine, bandMm: number): Float32Array {
  const blurred = unshrunk(plain, size);
  const [nx, ny, nz] = size;
  const inverse = invert(affine);
  const neighbours = neighboursOf(size, affine);
  const out = new Float32Array(blurred.length).fill(-Infinity);
  const feet: Point[] = [];
  const footOf = new Int32Array(blurred.length).fill(-1);
  const queue = new Buckets(neighbours.shortestMm / 2);
  const settled = new Uint8Array(blurred.length);
  const best = new Float32Array(blurred.length).fill(Infinity);
  // The outermost layer is never entered, so that steps in memory stay in the box.
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++)
        if (i === 0 || j === 0 || k === 0 || i === nx - 1 || j === ny - 1 || k === nz - 1)
          settled[i + nx * (j + ny * k)] = 1;
  const position = (v: number): Point => {
    const i = v % nx;
    const j = ((v - i) / nx) % ny;
    const k = Math.floor(v / (nx * ny));
    return [0, 4, 8].map(
      (r) => affine[r]! * i + affine[r + 1]! * j + affine[r + 2]! * k + affine[r + 3]!,
    ) as Point;
  };
  const steps = [1, nx, nx * ny];
  for (let v = 0; v < blurred.length; v++) {
    if (settled[v] || !crosses(blurred, v, steps)) continue;
    const g = steps.map((s) => (blurred[v + s]! - blurred[v - s]!) / 2);
    // Gradient in the world: the inverse's transpose times that along the axes.
    const gradient = [0, 1, 2].map(
      (c) => inverse[c]! * g[0]! + inverse[4 + c]! * g[1]! + inverse[8 + c]! * g[2]!,
    );
    const slope = Math.hypot(...gradient);
    if (slope === 0) continue;
    const n = gradient.map((value) => value / slope) as Point;
    const spread =
      BLUR_VOXELS *
      Math.hypot(...[0, 1, 2].map((a) => affine[a]! * n[0] + affine[4 + a]! * n[1] + affine[8 + a]! * n[2]));
    const depth = spread * probit(blurred[v]!);
    const p = position(v);
    footOf[v] = feet.push([p[0] - depth * n[0], p[1] - depth * n[1], p[2] - depth * n[2]]) - 1;
    best[v] = Math.abs(depth);
    queue.push(v, best[v]!);
  }
  for (let v = queue.pop(); v >= 0; v = queue.pop()) {
    if (settled[v]) continue;
    settled[v] = 1;
    const inside = blurred[v]! >= 0.5;
    const here = best[v]!;
    out[v] = inside ? here : -here;
    if (!inside && here > bandMm) continue;
    const foot = feet[footOf[v]!]!;
    for (const step of neighbours.step) {
      const w = v + step;
      if (settled[w]) continue;
      const p = position(w);
      const there = Math.hypot(p[0] - foot[0], p[1] - foot[1], p[2] - foot[2]);
      if (there < best[w]!) {
        best[w] = there;
        footOf[w] = footOf[v]!;
        queue.push(w, there);
      }
    }
  }
  return out;
}

/**
 * The blurred mask with what blurring took from curved walls given back: along a wall it is diffusion, which lowers the
 * value by half the variance times the second derivatives in the wall's plane (in voxels, where the blur is a ball's).
 */
function unshrunk(blurred: Float32Array, [nx, ny, nz]: Size3): Float32Array {
  const out = blurred.slice();
  const [sx, sy, sz] = [1, nx, nx * ny];
  for (let k = 1; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++)
      for (let i = 1; i < nx - 1; i++) {
        const v = i + nx * (j + ny * k);
        const u = blurred[v]!;
        if (u < 0.05 || u > 0.95) continue;
        const second = (a: number) => blurred[v + a]! + blurred[v - a]! - 2 * u;
        const mixed = (a: number, b: number) =>
          (blurred[v + a + b]! + blurred[v - a - b]! - blurred[v + a - b]! - blurred[v - a + b]!) / 4;
        const [gx, gy, gz] = [sx, sy, sz].map((a) => (blurred[v + a]! - blurred[v - a]!) / 2) as Point;
        const squared = gx * gx + gy * gy + gz * gz;
        if (squared < 1e-4) continue;
        const [xx, yy, zz] = [second(sx), second(sy), second(sz)];
        const [xy, xz, yz] = [mixed(sx, sy), mixed(sx, sz), mixed(sy, sz)];
        const normal =
          gx * gx * xx + gy * gy * yy + gz * gz * zz + 2 * (gx * gy * xy + gx * gz * xz + gy * gz * yz);
        const taken = (BLUR_VOXELS ** 2 / 2) * (xx + yy + zz - normal / squared);
        out[v] = Math.min(1, Math.max(0, u - Math.min(0.15, Math.max(-0.15, taken))));
      }
  return out;
}

/** Whether the surface passes between a voxel and one of its six neighbours. */
function crosses(blurred: Float32Array, v: number, steps: readonly number[]): boolean {
  const inside = blurred[v]! >= 0.5;
  return steps.some((s) => blurred[v + s]! >= 0.5 !== inside || blurred[v - s]! >= 0.5 !== inside);
}

/**
 * Inverse of the normal distribution's integral, to 5e-4, which is ample for a distance in voxels (Abramowitz and
 * Stegun, Handbook of Mathematical Functions, 26.2.23).
 */
export function probit(p: number): number {
  const q = Math.min(p, 1 - p);
  if (q <= 1e-9) return p < 0.5 ? -6 : 6;
  const t = Math.sqrt(-2 * Math.log(q));
  const x =
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t * t) /
      (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
  return p < 0.5 ? -x : x;
}
