/**
 * Convex hull of the marching-cubes surface of a structure. That surface's vertices lie half a voxel from the
 * voxel centres along each axis, so the hull of all centres shifted by half a voxel along each axis is the
 * same; and of the centres only those count that are corners of the outline of their slices.
 */
import { type Affine, applyToPoint } from "@viscera/core";
import quickHull from "quickhull3d/dist/quickhull3d.js";
import type { Runs } from "./runs.js";

export interface Hull {
  volumeMm3: number;
  areaMm2: number;
  /** Largest distance between two corners: the structure's maximum three-dimensional diameter. */
  diameterMm: number;
}

type Point = readonly [number, number, number];

/** Corners of the convex outline of points in the plane of axes `u` and `v` (Andrew's monotone chain). */
function outline(points: readonly Point[], u: 0 | 1 | 2, v: 0 | 1 | 2): Point[] {
  if (points.length < 3) return [...points];
  const sorted = [...points].sort((a, b) => a[u] - b[u] || a[v] - b[v]);
  const halfOf = (order: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const c of order) {
      while (chain.length >= 2) {
        const a = chain[chain.length - 2]!;
        const b = chain[chain.length - 1]!;
        if ((b[u] - a[u]) * (c[v] - a[v]) - (b[v] - a[v]) * (c[u] - a[u]) > 0) break;
        chain.pop();
      }
      chain.push(c);
    }
    chain.pop();
    return chain;
  };
  return [...halfOf(sorted), ...halfOf(sorted.reverse())];
}

/** Keeps of the points in each plane across axis `w` the corners of their outline. */
function cornersBySlice(points: readonly Point[], u: 0 | 1 | 2, v: 0 | 1 | 2, w: 0 | 1 | 2): Point[] {
  const slices = new Map<number, Point[]>();
  for (const point of points) {
    const slice = slices.get(point[w]);
    if (slice) slice.push(point);
    else slices.set(point[w], [point]);
  }
  return [...slices.values()].flatMap((slice) => outline(slice, u, v));
}

/** The only voxel centres that can be corners of the hull. */
function candidates({ row, start, end, size }: Runs): Point[] {
  const points: Point[] = [];
  for (let r = 0; r < row.length; r++) {
    const z = Math.floor(row[r]! / size[1]);
    const y = row[r]! - z * size[1];
    const first = start[r]!;
    while (r + 1 < row.length && row[r + 1] === row[r]) r++;
    points.push([first, y, z]);
    if (end[r]! - 1 > first) points.push([end[r]! - 1, y, z]);
  }
  return cornersBySlice(cornersBySlice(cornersBySlice(points, 0, 1, 2), 0, 2, 1), 1, 2, 0);
}

/** Triangles, or null where the library gives no closed surface (flat point sets, numerical failure). */
function triangulate(points: number[][]): number[][] | null {
  let faces: number[][];
  try {
    faces = quickHull(points);
  } catch {
    return null;
  }
  const edges = new Set<number>();
  for (const face of faces)
    for (let i = 0; i < 3; i++) edges.add(face[i]! * points.length + face[(i + 1) % 3]!);
  if (faces.length < 4 || edges.size !== 3 * faces.length) return null;
  for (const edge of edges)
    if (!edges.has((edge % points.length) * points.length + Math.floor(edge / points.length))) return null;
  return faces;
}

/** The hull in mm, null where it could not be found. */
export function convexHull(runs: Runs, affine: Affine): Hull | null {
  let centres = candidates(runs).map((point) => [...point]);
  // Half a voxel in six directions multiplies the points: thin them out first where they span a volume.
  const inner = centres.length > 16 ? triangulate(centres) : null;
  if (inner) centres = [...new Set(inner.flat())].map((i) => centres[i]!);
  const { min } = runs.box;
  const points: number[][] = [];
  for (const centre of centres) {
    // Twice the distance from the box's corner: whole numbers, small ones.
    const [x, y, z] = centre.map((c, axis) => 2 * (c - min[axis]!)) as [number, number, number];
    points.push([x + 1, y, z], [x - 1, y, z], [x, y + 1, z], [x, y - 1, z], [x, y, z + 1], [x, y, z - 1]);
  }
  const faces = triangulate(points);
  if (!faces) return null;
  // Positions relative to the box's corner, in mm: differences are all that is needed.
  const linear: Affine = affine.map((value, i) => (i % 4 === 3 && i < 12 ? 0 : value));
  const mm = points.map(([x, y, z]) => applyToPoint(linear, [x! / 2, y! / 2, z! / 2]));
  let volume = 0;
  let area = 0;
  for (const [i, j, k] of faces) {
    const [a, b, c] = [mm[i!]!, mm[j!]!, mm[k!]!];
    const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    const [vx, vy, vz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    area += Math.hypot(nx, ny, nz) / 2;
    volume += (nx * a[0] + ny * a[1] + nz * a[2]) / 6;
  }
  const corners = [...new Set(faces.flat())].map((i) => mm[i]!);
  let squared = 0;
  for (let i = 0; i < corners.length; i++) {
    const [x, y, z] = corners[i]!;
    for (let j = 0; j < i; j++) {
      const q = corners[j]!;
      const d = (q[0] - x) ** 2 + (q[1] - y) ** 2 + (q[2] - z) ** 2;
      if (d > squared) squared = d;
    }
  }
  return { volumeMm3: Math.abs(volume), areaMm2: area, diameterMm: Math.sqrt(squared) };
}
