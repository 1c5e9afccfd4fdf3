import type { Size3 } from "@viscera/core";
import { growableFloat32, growableUint32 } from "./growable.js";
import { EDGE_CORNERS, MARCHING_CUBES } from "./marching-cubes-table.js";

/** A triangle surface in voxel index coordinates (voxel centres at whole numbers). */
export interface IndexMesh {
  /** 3 numbers a vertex. */
  positions: Float32Array;
  /** 3 vertex numbers a triangle; normals point outwards where the affine's determinant is positive. */
  indices: Uint32Array;
}

/**
 * The isosurface around all voxels greater than `isovalue`, by marching cubes with linear interpolation along
 * the edges. Always closed: what lies beyond the image is outside, and there the surface runs half a voxel
 * beyond the outermost centres, on the image's outer face. Ambiguous faces separate the inside, alike for both
 * cubes. Vertices are shared between triangles. `field` has x fastest.
 */
export function marchingCubes(field: ArrayLike<number>, size: Size3, isovalue: number): IndexMesh {
  const [nx, ny, nz] = size;
  const positions = growableFloat32();
  const indices = growableUint32();
  const { start, edges } = MARCHING_CUBES;

  // Points of the lower (0) and upper (1) slice, one padded row and column more than the image; vertex numbers
  // of edges along x and y in both slices and along z between them.
  const px = nx + 2;
  const slice = px * (ny + 2);
  let lower = new Uint8Array(slice);
  let upper = new Uint8Array(slice);
  let lowerX = new Uint32Array(slice);
  let lowerY = new Uint32Array(slice);
  let upperX = new Uint32Array(slice);
  let upperY = new Uint32Array(slice);
  const alongZ = new Uint32Array(slice);

  const addVertex = (x: number, y: number, z: number, axis: number): number => {
    const inImage = x >= 0 && y >= 0 && z >= 0 && x < nx && y < ny && z < nz;
    const x2 = axis === 0 ? x + 1 : x;
    const y2 = axis === 1 ? y + 1 : y;
    const z2 = axis === 2 ? z + 1 : z;
    let t = 0.5;
    if (inImage && x2 < nx && y2 < ny && z2 < nz) {
      const a = field[x + nx * (y + ny * z)]!;
      const b = field[x2 + nx * (y2 + ny * z2)]!;
      const along = (isovalue - a) / (b - a);
      if (along >= 0 && along <= 1) t = along;
    }
    const p = positions.reserve(3);
    const at = positions.length;
    p[at] = axis === 0 ? x + t : x;
    p[at + 1] = axis === 1 ? y + t : y;
    p[at + 2] = axis === 2 ? z + t : z;
    positions.length += 3;
    return at / 3;
  };

  /** Marks the inside points of slice z and numbers the vertices on its edges along x and y. */
  const classify = (z: number, points: Uint8Array, idsX: Uint32Array, idsY: Uint32Array): void => {
    points.fill(0);
    if (z < 0 || z >= nz) return;
    for (let y = 0; y < ny; y++) {
      const row = nx * (y + ny * z);
      const out = px * (y + 1) + 1;
      for (let x = 0; x < nx; x++) if (field[row + x]! > isovalue) points[out + x] = 1;
    }
    for (let y = -1; y < ny; y++)
      for (let x = -1; x < nx; x++) {
        const at = px * (y + 1) + x + 1;
        if (points[at] !== points[at + 1]) idsX[at] = addVertex(x, y, z, 0);
        if (points[at] !== points[at + px]) idsY[at] = addVertex(x, y, z, 1);
      }
  };

  const cellEdges = new Uint32Array(12);
  for (let z = -1; z < nz; z++) {
    classify(z + 1, upper, upperX, upperY);
    for (let at = 0; at < slice; at++)
      if (lower[at] !== upper[at]) alongZ[at] = addVertex((at % px) - 1, Math.floor(at / px) - 1, z, 2);
    for (let y = -1; y < ny; y++) {
      for (let x = -1; x < nx; x++) {
        const at = px * (y + 1) + x + 1;
        const mask =
          lower[at]! |
          (lower[at + 1]! << 1) |
          (lower[at + px]! << 2) |
          (lower[at + px + 1]! << 3) |
          (upper[at]! << 4) |
          (upper[at + 1]! << 5) |
          (upper[at + px]! << 6) |
          (upper[at + px + 1]! << 7);
        if (mask === 0 || mask === 255) continue;
        for (let edge = 0; edge < 12; edge++) {
          const corner = EDGE_CORNERS[edge]![0];
          const here = at + (corner & 1) + (corner & 2 ? px : 0);
          const ids =
            edge < 4 ? (corner & 4 ? upperX : lowerX) : edge < 8 ? (corner & 4 ? upperY : lowerY) : alongZ;
          cellEdges[edge] = ids[here]!;
        }
        const end = start[mask + 1]!;
        const out = indices.reserve(end - start[mask]!);
        for (let i = start[mask]!; i < end; i++) out[indices.length++] = cellEdges[edges[i]!]!;
      }
    }
    [lower, upper] = [upper, lower];
    [lowerX, upperX] = [upperX, lowerX];
    [lowerY, upperY] = [upperY, lowerY];
  }
  return { positions: positions.finish(), indices: indices.finish() };
}
