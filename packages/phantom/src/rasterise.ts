/** From shapes to voxels: each shape is evaluated in its own box only, each row of the body's walls at once. */
import { type Grid, type Size3, spacingOf } from "@viscera/core";
import { type Body, halfWidth } from "./body.js";
import type { NoiseField } from "./noise-field.js";
import type { Shape, Solid, Tube } from "./shapes.js";
import { idOf } from "./tissues.js";

/** An axis-aligned voxel grid whose axes run R, A, S, and the tissues on it. */
export interface Canvas {
  size: Size3;
  spacing: readonly [number, number, number];
  origin: readonly [number, number, number];
  tissue: Uint8Array;
}

export function canvasOf(grid: Grid): Canvas {
  const [nx, ny, nz] = grid.size;
  return {
    size: grid.size,
    spacing: spacingOf(grid.affine),
    origin: [grid.affine[3]!, grid.affine[7]!, grid.affine[11]!],
    tissue: new Uint8Array(nx * ny * nz),
  };
}

/** First and last index whose voxel centre lies within [low, high] on an axis. */
function range(canvas: Canvas, axis: 0 | 1 | 2, low: number, high: number): [number, number] {
  const first = Math.ceil((low - canvas.origin[axis]) / canvas.spacing[axis]);
  const last = Math.floor((high - canvas.origin[axis]) / canvas.spacing[axis]);
  return [Math.max(0, first), Math.min(canvas.size[axis] - 1, last)];
}

/**
 * Calls `visit(index, field)` for each voxel of the solid's box whose tissue the shape may change. Field values
 * are in the reference frame.
 */
export function overSolid(
  canvas: Canvas,
  body: Body,
  { box, field, recolour }: Solid,
  visit: (index: number, f: number) => void,
): void {
  const { size, spacing, origin, tissue } = canvas;
  const [sx, sy, sz] = body.scale;
  const [i0, i1] = range(canvas, 0, box.min[0] * sx, box.max[0] * sx);
  const [j0, j1] = range(canvas, 1, box.min[1] * sy, box.max[1] * sy);
  const [k0, k1] = range(canvas, 2, box.min[2] * sz, box.max[2] * sz);
  for (let k = k0; k <= k1; k++) {
    const w = (origin[2] + k * spacing[2]) / sz;
    for (let j = j0; j <= j1; j++) {
      const v = (origin[1] + j * spacing[1]) / sy;
      const row = size[0] * (j + size[1] * k);
      for (let i = i0; i <= i1; i++)
        if (recolour[tissue[row + i]!] !== 0) visit(row + i, field((origin[0] + i * spacing[0]) / sx, v, w));
    }
  }
}

function drawSolid(canvas: Canvas, body: Body, solid: Solid): void {
  const { tissue } = canvas;
  const { level, recolour } = solid;
  overSolid(canvas, body, solid, (index, f) => {
    if (f < level) tissue[index] = recolour[tissue[index]!]!;
  });
}

/**
 * Radius below which a tube may miss voxels and fall apart on this grid, as a part of the largest spacing: with
 * the half diagonal of a voxel's face every crossing of a slice holds a voxel centre.
 */
const THINNEST = 0.72;

function drawTube(canvas: Canvas, { points, radii, zWeight, level, recolour }: Tube): void {
  const { size, spacing, origin, tissue } = canvas;
  const thinnest = recolour[0] === 0 ? 0 : THINNEST * Math.max(...spacing);
  for (let s = 0; s + 1 < radii.length; s++) {
    if (radii[s] === 0 && radii[s + 1] === 0) continue;
    const r0 = Math.max(thinnest, radii[s]! + level);
    const r1 = Math.max(thinnest, radii[s + 1]! + level);
    const [x0, y0, z0] = [points[3 * s]!, points[3 * s + 1]!, points[3 * s + 2]!];
    const [x1, y1, z1] = [points[3 * s + 3]!, points[3 * s + 4]!, points[3 * s + 5]!];
    const r = Math.max(r0, r1);
    const [i0, i1] = range(canvas, 0, Math.min(x0, x1) - r, Math.max(x0, x1) + r);
    const [j0, j1] = range(canvas, 1, Math.min(y0, y1) - r, Math.max(y0, y1) + r);
    const [k0, k1] = range(canvas, 2, Math.min(z0, z1) - r / zWeight, Math.max(z0, z1) + r / zWeight);
    const dx = x1 - x0;
    const dy = y1 - y0;
    const dz = (z1 - z0) * zWeight;
    const inverse = 1 / (dx * dx + dy * dy + dz * dz + 1e-12);
    for (let k = k0; k <= k1; k++) {
      const z = (origin[2] + k * spacing[2] - z0) * zWeight;
      for (let j = j0; j <= j1; j++) {
        const y = origin[1] + j * spacing[1] - y0;
        const row = size[0] * (j + size[1] * k);
        for (let i = i0; i <= i1; i++) {
          const next = recolour[tissue[row + i]!]!;
          if (next === 0) continue;
          const x = origin[0] + i * spacing[0] - x0;
          const t = Math.min(1, Math.max(0, (x * dx + y * dy + z * dz) * inverse));
          const ex = x - t * dx;
          const ey = y - t * dy;
          const ez = z - t * dz;
          const limit = r0 + t * (r1 - r0);
          if (ex * ex + ey * ey + ez * ez < limit * limit) tissue[row + i] = next;
        }
      }
    }
  }
}

export function draw(canvas: Canvas, body: Body, shape: Shape): void {
  if (shape.kind === "solid") drawSolid(canvas, body, shape);
  else drawTube(canvas, shape);
}

/** Smallest distance to a tube minus its radius there, world mm. */
function tubeDistance({ points, radii, zWeight }: Tube, px: number, py: number, pz: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let s = 0; s + 1 < radii.length; s++) {
    const x = px - points[3 * s]!;
    const y = py - points[3 * s + 1]!;
    const z = (pz - points[3 * s + 2]!) * zWeight;
    const dx = points[3 * s + 3]! - points[3 * s]!;
    const dy = points[3 * s + 4]! - points[3 * s + 1]!;
    const dz = (points[3 * s + 5]! - points[3 * s + 2]!) * zWeight;
    const t = Math.min(1, Math.max(0, (x * dx + y * dy + z * dz) / (dx * dx + dy * dy + dz * dz + 1e-12)));
    const ex = x - t * dx;
    const ey = y - t * dy;
    const ez = z - t * dz;
    const d = Math.sqrt(ex * ex + ey * ey + ez * ez) - radii[s]! - t * (radii[s + 1]! - radii[s]!);
    if (d < best) best = d;
  }
  return best;
}

/** How far a level may be moved for a volume, mm: more would make an organ a caricature. */
const LEVEL_LIMIT = 20;

/**
 * Draws the shapes on a coarse canvas one after the other and sets, before each, the level that gives it its
 * wanted volume in the room the earlier ones left.
 */
export function calibrate(canvas: Canvas, body: Body, shapes: readonly Shape[]): void {
  const { size, spacing, origin, tissue } = canvas;
  const voxelMl = (spacing[0] * spacing[1] * spacing[2]) / 1000;
  for (const shape of shapes) {
    if (shape.targetMl !== null) {
      const values: number[] = [];
      if (shape.kind === "solid") {
        overSolid(canvas, body, shape, (_, f) => {
          if (f < LEVEL_LIMIT + 4) values.push(f);
        });
      } else {
        const margin = Math.max(...shape.radii) + LEVEL_LIMIT;
        const bounds = ([0, 1, 2] as const).map((axis) => {
          const along = shape.points.filter((_, i) => i % 3 === axis);
          return range(canvas, axis, Math.min(...along) - margin, Math.max(...along) + margin);
        });
        for (let k = bounds[2]![0]; k <= bounds[2]![1]; k++)
          for (let j = bounds[1]![0]; j <= bounds[1]![1]; j++)
            for (let i = bounds[0]![0]; i <= bounds[0]![1]; i++)
              if (shape.recolour[tissue[i + size[0] * (j + size[1] * k)]!] !== 0)
                values.push(
                  tubeDistance(
                    shape,
                    origin[0] + i * spacing[0],
                    origin[1] + j * spacing[1],
                    origin[2] + k * spacing[2],
                  ),
                );
      }
      const sorted = Float64Array.from(values).sort();
      // A part drawn before, such as the outflow of a ventricle, counts towards the organ's volume.
      const id = shape.recolour[0]!;
      let drawn = 0;
      for (let i = 0; i < tissue.length; i++) if (tissue[i] === id) drawn++;
      const rank = Math.min(sorted.length - 1, Math.round(shape.targetMl / voxelMl) - drawn);
      if (rank > 0) shape.level = Math.min(LEVEL_LIMIT, Math.max(-LEVEL_LIMIT, sorted[rank]!));
    }
    draw(canvas, body, shape);
  }
}

/** Height above which the inner wall encloses the neck, not the chest, reference mm. */
const CHEST_TOP = 362;

/**
 * Fills slices `from` to `to` (exclusive) with what lies between the shapes: lungs above the diaphragm, fat
 * below, the muscles of the wall, subcutaneous fat and skin.
 */
export function fillBody(
  canvas: Canvas,
  body: Body,
  lobe: (u: number, v: number, w: number) => number,
  from: number,
  to: number,
  diaphragm: Float32Array,
  planes: NoiseField,
): void {
  const { size, spacing, origin, tissue } = canvas;
  const [nx, ny] = size;
  const [sx, sy, sz] = body.scale;
  const skinMm = Math.max(2.2, 0.8 * Math.max(spacing[0], spacing[1]));
  const skin = idOf("skin");
  const fat = idOf("subcutaneous_fat");
  const inner = idOf("torso_fat");
  const muscle = idOf("skeletal_muscle");
  const between = idOf("intermuscular_fat");
  for (let k = from; k < to; k++) {
    const w = (origin[2] + k * spacing[2]) / sz;
    const [outer, underSkin, muscles, cavity] = [
      body.skin(w),
      body.skin(w, skinMm),
      body.muscles(w),
      body.cavity(w),
    ];
    for (let j = 0; j < ny; j++) {
      const v = (origin[1] + j * spacing[1]) / sy;
      const edge = halfWidth(outer, v);
      if (edge < 0) continue;
      const fatEdge = halfWidth(underSkin, v);
      const muscleEdge = halfWidth(muscles, v);
      const cavityEdge = halfWidth(cavity, v);
      const row = nx * (j + ny * k);
      for (let i = 0; i < nx; i++) {
        if (tissue[row + i] !== 0) continue;
        const u = (origin[0] + i * spacing[0]) / sx;
        const x = Math.abs(u);
        if (x >= edge) continue;
        if (x >= fatEdge) tissue[row + i] = skin;
        else if (x >= muscleEdge) tissue[row + i] = fat;
        else if (x >= cavityEdge || w > CHEST_TOP) {
          // Fat between muscles lies in sheets: where slow noise passes through zero.
          const deep = x - Math.max(0, cavityEdge) > 9 && muscleEdge - x > 3;
          const sheet = deep && Math.abs(planes.at(u / 34, v / 34, w / 60 + 5)) < 0.045;
          tissue[row + i] = sheet ? between : muscle;
        } else {
          const above = w - diaphragm[i + nx * j]!;
          tissue[row + i] = above > 1.6 ? lobe(u, v, w) : above > -1.6 ? muscle : inner;
        }
      }
    }
  }
}

/** Height of the diaphragm for each voxel column, reference mm. */
export function diaphragmMap(canvas: Canvas, body: Body): Float32Array {
  const [nx, ny] = canvas.size;
  const map = new Float32Array(nx * ny);
  for (let j = 0; j < ny; j++)
    for (let i = 0; i < nx; i++)
      map[i + nx * j] = body.diaphragm(
        (canvas.origin[0] + i * canvas.spacing[0]) / body.scale[0],
        (canvas.origin[1] + j * canvas.spacing[1]) / body.scale[1],
      );
  return map;
}
