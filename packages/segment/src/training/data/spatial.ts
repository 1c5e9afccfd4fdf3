/** Rotation, scaling and elastic deformation of a patch, all in one resampling. */
import type { Size3, Vec3 } from "@viscera/core";
import type { Draws } from "../../synthesis/draws.js";
import type { AugmentationSpec } from "./augmentation.js";
import type { Box } from "./prepared-case.js";

/** Largest displacement of a control point, in distances of them: below 0.48 a cubic B-spline cannot fold. */
const MOST_DISPLACEMENT = 0.4;

/** Where a patch's voxels are taken from: the patch's centre + matrix x (offset from the centre + displacement). */
export interface SpatialTransform {
  /** Row by row; voxels to voxels. */
  matrix: readonly number[];
  elastic: ElasticGrid | null;
}

/** Displacements in voxels at control points of a uniform cubic B-spline; point (1, 1, 1) lies at voxel 0. */
export interface ElasticGrid {
  controlVoxels: number;
  counts: Size3;
  /** Along x, y and z. */
  points: readonly [Float32Array, Float32Array, Float32Array];
}

/** Draws whether and how a patch is transformed; null where it stays as it is. */
export function drawSpatial(
  spec: Pick<AugmentationSpec, "rotation" | "scaling" | "elastic">,
  patch: Size3,
  spacingMm: Vec3,
  draws: Draws,
): SpatialTransform | null {
  const { rotation, scaling, elastic } = spec;
  const turns = draws.chance(rotation.probability);
  const scales = draws.chance(scaling.probability);
  const bends = draws.chance(elastic.probability);
  if (!turns && !scales && !bends) return null;
  const angles = rotation.degrees.map((most) => (turns ? (draws.uniform(-most, most) * Math.PI) / 180 : 0));
  const scale = scales ? draws.within(scaling.range) : 1;
  return {
    matrix: voxelMatrix(angles as unknown as Vec3, scale, spacingMm),
    elastic: bends ? drawElastic(elastic, patch, draws) : null,
  };
}

/** Rotation about x, then y, then z, and scaling, in mm, from voxels to voxels. */
export function voxelMatrix([ax, ay, az]: Vec3, scale: number, spacing: Vec3): number[] {
  const [cx, sx, cy, sy, cz, sz] = [ax, ay, az].flatMap((a) => [Math.cos(a), Math.sin(a)]) as number[];
  const rotation = [
    cz! * cy!,
    cz! * sy! * sx! - sz! * cx!,
    cz! * sy! * cx! + sz! * sx!,
    sz! * cy!,
    sz! * sy! * sx! + cz! * cx!,
    sz! * sy! * cx! - cz! * sx!,
    -sy!,
    cy! * sx!,
    cy! * cx!,
  ];
  return rotation.map((value, i) => (scale * value * spacing[i % 3]!) / spacing[Math.floor(i / 3)]!);
}

function drawElastic(spec: AugmentationSpec["elastic"], patch: Size3, draws: Draws): ElasticGrid {
  const { controlVoxels } = spec;
  const sd = draws.within(spec.range) * controlVoxels;
  const most = MOST_DISPLACEMENT * controlVoxels;
  const counts = patch.map((n) => Math.floor((n - 1) / controlVoxels) + 4) as unknown as Size3;
  const points = [0, 1, 2].map(() => {
    const values = draws.fillNormal(new Float32Array(counts[0] * counts[1] * counts[2]));
    return values.map((value) => Math.min(most, Math.max(-most, value * sd)));
  });
  return { controlVoxels, counts, points: points as unknown as ElasticGrid["points"] };
}

/** The box of voxels that a transformed patch at `start` looks at, within a case of `size`. */
export function sourceBox(transform: SpatialTransform, start: Size3, patch: Size3, size: Size3): Box {
  const { matrix, elastic } = transform;
  const reach = elastic ? MOST_DISPLACEMENT * elastic.controlVoxels : 0;
  const box = [0, 1, 2].map((row) => {
    const centre = start[row]! + (patch[row]! - 1) / 2;
    let half = 0;
    for (let axis = 0; axis < 3; axis++) {
      half += Math.abs(matrix[3 * row + axis]!) * ((patch[axis]! - 1) / 2 + reach);
    }
    const from = Math.min(size[row]! - 1, Math.max(0, Math.floor(centre - half)));
    const to = Math.max(from, Math.min(size[row]! - 1, Math.floor(centre + half) + 1));
    return { from, extent: to - from + 1 };
  });
  return {
    start: box.map(({ from }) => from) as unknown as Size3,
    size: box.map(({ extent }) => extent) as unknown as Size3,
  };
}

/** A part of a case in memory. */
export interface Region extends Box {
  /** [channel, z, y, x]; empty where there is no image. */
  image: Float32Array;
  labels: Uint8Array | Uint16Array;
}

/**
 * Fills a patch whose first voxel, were it not transformed, is `start` of the case: image linearly, labels from
 * the nearest voxel. Beyond the region the image is 0 (as windows are padded in inference), labels `outside`.
 */
export function transformPatch<L extends Uint8Array | Uint16Array>(
  region: Region,
  transform: SpatialTransform,
  start: Size3,
  patch: Size3,
  outside: number,
  image: Float32Array,
  labels: L,
): void {
  const { matrix, elastic } = transform;
  const [px, py, pz] = patch;
  const [nx, ny, nz] = region.size;
  const plane = nx * ny;
  const voxels = px * py * pz;
  const channels = image.length / voxels;
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = matrix as [
    ...[number, number, number],
    ...[number, number, number],
    ...[number, number, number],
  ];
  const centre = patch.map((n) => (n - 1) / 2);
  const origin = [0, 1, 2].map((axis) => start[axis]! + centre[axis]! - region.start[axis]!);
  const field = elastic ? new FieldRows(elastic, patch) : null;
  for (let k = 0, at = 0; k < pz; k++) {
    field?.slice(k);
    for (let j = 0; j < py; j++) {
      field?.row(j);
      const dy = j - centre[1]!;
      const dz = k - centre[2]!;
      for (let i = 0; i < px; i++, at++) {
        let ox = i - centre[0]!;
        let oy = dy;
        let oz = dz;
        if (field) {
          ox += field.x[i]!;
          oy += field.y[i]!;
          oz += field.z[i]!;
        }
        const x = origin[0]! + m0 * ox + m1 * oy + m2 * oz;
        const y = origin[1]! + m3 * ox + m4 * oy + m5 * oz;
        const z = origin[2]! + m6 * ox + m7 * oy + m8 * oz;
        const rx = Math.floor(x + 0.5);
        const ry = Math.floor(y + 0.5);
        const rz = Math.floor(z + 0.5);
        const inside = rx >= 0 && ry >= 0 && rz >= 0 && rx < nx && ry < ny && rz < nz;
        labels[at] = inside ? region.labels[rx + nx * ry + plane * rz]! : outside;
        for (let c = 0; c < channels; c++) {
          image[at + c * voxels] = linear(region.image, c * plane * nz, nx, ny, nz, x, y, z);
        }
      }
    }
  }
}

/** Trilinear value; voxels beyond the box count as 0. */
function linear(
  data: Float32Array,
  first: number,
  nx: number,
  ny: number,
  nz: number,
  x: number,
  y: number,
  z: number,
): number {
  const i = Math.floor(x);
  const j = Math.floor(y);
  const k = Math.floor(z);
  if (i < -1 || j < -1 || k < -1 || i >= nx || j >= ny || k >= nz) return 0;
  const u = x - i;
  const v = y - j;
  const w = z - k;
  const plane = nx * ny;
  const at = first + i + nx * j + plane * k;
  if (i >= 0 && j >= 0 && k >= 0 && i < nx - 1 && j < ny - 1 && k < nz - 1) {
    const a = data[at]! + u * (data[at + 1]! - data[at]!);
    const b = data[at + nx]! + u * (data[at + nx + 1]! - data[at + nx]!);
    const c = data[at + plane]! + u * (data[at + plane + 1]! - data[at + plane]!);
    const d = data[at + plane + nx]! + u * (data[at + plane + nx + 1]! - data[at + plane + nx]!);
    const low = a + v * (b - a);
    return low + w * (c + v * (d - c) - low);
  }
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const ci = corner & 1;
    const cj = (corner >> 1) & 1;
    const ck = corner >> 2;
    const inside = i + ci >= 0 && j + cj >= 0 && k + ck >= 0 && i + ci < nx && j + cj < ny && k + ck < nz;
    const weight = (ci ? u : 1 - u) * (cj ? v : 1 - v) * (ck ? w : 1 - w);
    if (inside && weight !== 0) sum += weight * data[at + ci + nx * cj + plane * ck]!;
  }
  return sum;
}

/** Displacements of one row of a patch after the other. */
class FieldRows {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly z: Float32Array;
  readonly #grid: ElasticGrid;
  readonly #weights: Float64Array[];
  readonly #planes: Float32Array[];
  readonly #rows: Float32Array[];

  constructor(grid: ElasticGrid, patch: Size3) {
    this.#grid = grid;
    this.#weights = patch.map((n) => splineWeights(n, grid.controlVoxels));
    const [cx, cy] = grid.counts;
    this.#planes = [0, 1, 2].map(() => new Float32Array(cx * cy));
    this.#rows = [0, 1, 2].map(() => new Float32Array(cx));
    this.x = new Float32Array(patch[0]);
    this.y = new Float32Array(patch[0]);
    this.z = new Float32Array(patch[0]);
  }

  slice(k: number): void {
    const { counts, points, controlVoxels } = this.#grid;
    const first = Math.floor(k / controlVoxels);
    for (let a = 0; a < 3; a++) {
      combine(points[a]!, counts[0] * counts[1], first, this.#weights[2]!, k, this.#planes[a]!);
    }
  }

  row(j: number): void {
    const { counts, controlVoxels } = this.#grid;
    const first = Math.floor(j / controlVoxels);
    for (let a = 0; a < 3; a++) {
      const row = this.#rows[a]!;
      combine(this.#planes[a]!, counts[0], first, this.#weights[1]!, j, row);
      const out = a === 0 ? this.x : a === 1 ? this.y : this.z;
      const weights = this.#weights[0]!;
      for (let i = 0; i < out.length; i++) {
        const at = Math.floor(i / controlVoxels);
        const w = 4 * i;
        out[i] =
          weights[w]! * row[at]! +
          weights[w + 1]! * row[at + 1]! +
          weights[w + 2]! * row[at + 2]! +
          weights[w + 3]! * row[at + 3]!;
      }
    }
  }
}

/** Sums four neighbouring blocks of `length` numbers, weighted for voxel `voxel`. */
function combine(
  from: Float32Array,
  length: number,
  first: number,
  weights: Float64Array,
  voxel: number,
  out: Float32Array,
): void {
  const [a, b, c, d] = weights.subarray(4 * voxel, 4 * voxel + 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  const at = first * length;
  for (let i = 0; i < length; i++) {
    out[i] =
      a * from[at + i]! +
      b * from[at + length + i]! +
      c * from[at + 2 * length + i]! +
      d * from[at + 3 * length + i]!;
  }
}

/** Weights of the four control points that reach each voxel of an axis. */
function splineWeights(n: number, controlVoxels: number): Float64Array {
  const weights = new Float64Array(4 * n);
  for (let i = 0; i < n; i++) {
    const t = (i % controlVoxels) / controlVoxels;
    weights[4 * i] = (1 - t) ** 3 / 6;
    weights[4 * i + 1] = (3 * t ** 3 - 6 * t ** 2 + 4) / 6;
    weights[4 * i + 2] = (-3 * t ** 3 + 3 * t ** 2 + 3 * t + 1) / 6;
    weights[4 * i + 3] = t ** 3 / 6;
  }
  return weights;
}
