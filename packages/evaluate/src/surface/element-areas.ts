/**
 * Area of the surface through a cell of 2x2x2 voxels, for each of the 256 ways the voxels can be inside or outside.
 *
 * The surface is that of marching cubes (Lorensen & Cline, doi:10.1145/37402.37422) with its vertices half way along
 * the edges. Cells with more than four voxels inside are taken as their complements, as in the original's fifteen
 * cases; where a face has its inside voxels on a diagonal, each is cut off by itself; and each outline is filled with
 * the triangles that are largest on cubic voxels. That gives the table of google-deepmind/surface-distance.
 */
import { usageError, type Vec3 } from "@viscera/core";
import { EDGE_CORNERS, surfaceLoops } from "@viscera/kernels";

type Triple = readonly [number, number, number];

/** Half way along an edge of the cell, in the cell's coordinates 0..1. */
function middle(edge: number): Triple {
  const [a, b] = EDGE_CORNERS[edge]!;
  return [0, 1, 2].map((axis) => (((a >> axis) & 1) + ((b >> axis) & 1)) / 2) as unknown as Triple;
}

/** Half the cross product of two sides: as long as the triangle is large. */
function normalOf(a: number, b: number, c: number): Triple {
  const [p, q, r] = [middle(a), middle(b), middle(c)];
  const u = [q[0] - p[0], q[1] - p[1], q[2] - p[2]] as const;
  const v = [r[0] - p[0], r[1] - p[1], r[2] - p[2]] as const;
  return [(u[1] * v[2] - u[2] * v[1]) / 2, (u[2] * v[0] - u[0] * v[2]) / 2, (u[0] * v[1] - u[1] * v[0]) / 2];
}

interface Filling {
  normals: Triple[];
  area: number;
}

/** The triangles between the vertices of an outline that have the largest area together. */
function largestFilling(loop: readonly number[]): Filling {
  if (loop.length < 3) return { normals: [], area: 0 };
  let best: Filling = { normals: [], area: -1 };
  for (let i = 1; i < loop.length - 1; i++) {
    const left = largestFilling(loop.slice(0, i + 1));
    const right = largestFilling(loop.slice(i));
    const normal = normalOf(loop[0]!, loop[i]!, loop[loop.length - 1]!);
    const area = left.area + right.area + Math.hypot(...normal);
    if (area > best.area + 1e-9) best = { normals: [...left.normals, ...right.normals, normal], area };
  }
  return best;
}

/** Corner bits of `surfaceLoops` for a code of `cornerSurface`. */
function cornerBits(code: number): number {
  let mask = 0;
  for (let voxel = 0; voxel < 8; voxel++) {
    if (((code >> (7 - voxel)) & 1) === 0) continue;
    mask |= 1 << (((voxel >> 2) & 1) | (voxel & 2) | ((voxel & 1) << 2));
  }
  return mask;
}

function insideVoxels(code: number): number {
  let count = 0;
  for (let bits = code; bits !== 0; bits &= bits - 1) count++;
  return count;
}

/** Triangle normals (as long as the triangles are large) of each code. */
export const ELEMENT_NORMALS: readonly (readonly Triple[])[] = Array.from({ length: 256 }, (_, code) =>
  surfaceLoops(cornerBits(insideVoxels(code) > 4 ? 255 - code : code)).flatMap(
    (loop) => largestFilling(loop).normals,
  ),
);

/** Area in mm^2 of the surface element with each code of `cornerSurface`, on voxels of the given spacing. */
export function elementAreas(spacingMm: Vec3): Float64Array {
  if (!spacingMm.every((s) => s > 0))
    throw usageError(`The spacing ${spacingMm.join(" x ")} mm is not positive.`);
  const [sx, sy, sz] = spacingMm;
  return Float64Array.from(ELEMENT_NORMALS, (normals) =>
    normals.reduce((sum, [x, y, z]) => sum + Math.hypot(x * sy * sz, y * sx * sz, z * sx * sy), 0),
  );
}
