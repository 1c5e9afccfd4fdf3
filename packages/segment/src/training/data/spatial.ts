/** Rotation, scaling and elastic deformation of a patch, all in one resampling. */
import { type Size3, type Vec3, voxelCount } from "@viscera/core";
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
export function transformPatch(
  region: Region,
  transform: SpatialTransform,
  start: Size3,
  patch: Size3,
  outside: number,
  image: Float32Array,
  labels: Uint8Array | Uint16Array,
): void {
  const [px, py, pz] = patch;
  const voxels = voxelCount(patch);
  const channelVoxels = voxelCount(region.size);
  const rows = new SourceRows(transform, start, patch, region);
  for (let k = 0, at = 0; k < pz; k++) {
    rows.slice(k);
    for (let j = 0; j < py; j++, at += px) {
      rows.row(j);
      nearestRow(region.labels, rows, outside, labels, at);
      for (let c = 0; c * voxels < image.length; c++) {
        linearRow(region.image, c * channelVoxels, rows, image, at + c * voxels);
      }
    }
  }
}

/** Where the voxels of one row of a patch after the other are taken from, in voxels of the region. */
class SourceRows {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly z: Float64Array;
  readonly size: Size3;
  /** Every voxel of the row lies among eight voxels of the region. */
  inside = false;
  readonly #matrix: readonly number[];
  readonly #centre: readonly number[];
  readonly #origin: readonly number[];
  readonly #field: FieldRows | null;
  #k = 0;

  constructor({ matrix, elastic }: SpatialTransform, start: Size3, patch: Size3, region: Box) {
    this.x = new Float64Array(patch[0]);
    this.y = new Float64Array(patch[0]);
    this.z = new Float64Array(patch[0]);
    this.size = region.size;
    this.#matrix = matrix;
    this.#centre = patch.map((n) => (n - 1) / 2);
    this.#origin = this.#centre.map((centre, axis) => start[axis]! + centre - region.start[axis]!);
    this.#field = elastic && new FieldRows(elastic, patch);
  }

  slice(k: number): void {
    this.#k = k;
    this.#field?.slice(k);
  }

  row(j: number): void {
    const m = this.#matrix;
    const [nx, ny, nz] = this.size;
    const field = this.#field;
    field?.row(j);
    const { x, y, z } = this;
    const oy = j - this.#centre[1]!;
    const oz = this.#k - this.#centre[2]!;
    const ox = -this.#centre[0]!;
    // Where voxel 0 of the row lies, and the step from one voxel to the next.
    const firstX = this.#origin[0]! + m[0]! * ox + m[1]! * oy + m[2]! * oz;
    const firstY = this.#origin[1]! + m[3]! * ox + m[4]! * oy + m[5]! * oz;
    const firstZ = this.#origin[2]! + m[6]! * ox + m[7]! * oy + m[8]! * oz;
    const [stepX, stepY, stepZ] = [m[0]!, m[3]!, m[6]!];
    for (let i = 0; i < x.length; i++) {
      x[i] = firstX + stepX * i;
      y[i] = firstY + stepY * i;
      z[i] = firstZ + stepZ * i;
    }
    if (field) {
      addTurned(x, field, m[0]!, m[1]!, m[2]!);
      addTurned(y, field, m[3]!, m[4]!, m[5]!);
      addTurned(z, field, m[6]!, m[7]!, m[8]!);
    }
    let inside = true;
    for (let i = 0; i < x.length; i++) {
      if (!(x[i]! >= 0 && y[i]! >= 0 && z[i]! >= 0 && x[i]! < nx - 1 && y[i]! < ny - 1 && z[i]! < nz - 1)) {
        inside = false;
        break;
      }
    }
    this.inside = inside;
  }
}

/** Adds one coordinate of the row's displacements. */
function addTurned(to: Float64Array, { x, y, z }: FieldRows, a: number, b: number, c: number): void {
  for (let i = 0; i < to.length; i++) to[i] = to[i]! + a * x[i]! + b * y[i]! + c * z[i]!;
}

function nearestRow(
  from: Uint8Array | Uint16Array,
  { x, y, z, size, inside }: SourceRows,
  outside: number,
  to: Uint8Array | Uint16Array,
  at: number,
): void {
  const [nx, ny, nz] = size;
  if (inside) {
    for (let n = 0; n < x.length; n++) {
      to[at + n] = from[((x[n]! + 0.5) | 0) + nx * (((y[n]! + 0.5) | 0) + ny * ((z[n]! + 0.5) | 0))]!;
    }
    return;
  }
  for (let n = 0; n < x.length; n++) {
    const i = Math.floor(x[n]! + 0.5);
    const j = Math.floor(y[n]! + 0.5);
    const k = Math.floor(z[n]! + 0.5);
    const isInside = i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz;
    to[at + n] = isInside ? from[i + nx * (j + ny * k)]! : outside;
  }
}

function linearRow(data: Float32Array, first: number, rows: SourceRows, to: Float32Array, at: number): void {
  const { x, y, z, size } = rows;
  if (!rows.inside) {
    for (let n = 0; n < x.length; n++) to[at + n] = linearAtBorder(data, first, size, x[n]!, y[n]!, z[n]!);
    return;
  }
  const nx = size[0];
  const plane = nx * size[1];
  for (let n = 0; n < x.length; n++) {
    // Not negative: cutting off the fraction is the floor.
    const i = x[n]! | 0;
    const j = y[n]! | 0;
    const k = z[n]! | 0;
    const u = x[n]! - i;
    const v = y[n]! - j;
    const w = z[n]! - k;
    const p = first + i + nx * j + plane * k;
    const a = data[p]! + u * (data[p + 1]! - data[p]!);
    const b = data[p + nx]! + u * (data[p + nx + 1]! - data[p + nx]!);
    const q = p + plane;
    const c = data[q]! + u * (data[q + 1]! - data[q]!);
    const d = data[q + nx]! + u * (data[q + nx + 1]! - data[q + nx]!);
    const low = a + v * (b - a);
    to[at + n] = low + w * (c + v * (d - c) - low);
  }
}

/** Trilinear value; voxels beyond the region count as 0. */
function linearAtBorder(
  data: Float32Array,
  first: number,
  [nx, ny, nz]: Size3,
  x: number,
  y: number,
  z: number,
): number {
  const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  if (i < -1 || j < -1 || k < -1 || i >= nx || j >= ny || k >= nz) return 0;
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const a = i + (corner & 1);
    const b = j + ((corner >> 1) & 1);
    const c = k + (corner >> 2);
    if (a < 0 || b < 0 || c < 0 || a >= nx || b >= ny || c >= nz) continue;
    const weight = (1 - Math.abs(x - a)) * (1 - Math.abs(y - b)) * (1 - Math.abs(z - c));
    sum += weight * data[first + a + nx * (b + ny * c)]!;
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
