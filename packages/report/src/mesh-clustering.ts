/**
 * Coarser surfaces for display by vertex clustering (Rossignac and Borrel, "Multi-resolution 3D approximations
 * for rendering complex scenes", 1993): vertices in one cell of a grid become their mean.
 */
import type { Mesh } from "@viscera/core";

/** The surface with vertices merged by cells of `cellMm`; triangles that collapse are dropped. */
export function clusterVertices({ positions, indices }: Mesh, cellMm: number): Mesh {
  const cells = new Map<number, number>();
  const target = new Uint32Array(positions.length / 3);
  const sums: number[] = [];
  for (let vertex = 0; vertex < target.length; vertex++) {
    const x = positions[vertex * 3]!;
    const y = positions[vertex * 3 + 1]!;
    const z = positions[vertex * 3 + 2]!;
    // Cells are counted from the middle of a cube of 2^17 cells a side, far more than a body has millimetres.
    const key =
      (Math.floor(x / cellMm) + 65_536) * 2 ** 34 +
      (Math.floor(y / cellMm) + 65_536) * 2 ** 17 +
      (Math.floor(z / cellMm) + 65_536);
    let cell = cells.get(key);
    if (cell === undefined) {
      cell = cells.size;
      cells.set(key, cell);
      sums.push(0, 0, 0, 0);
    }
    target[vertex] = cell;
    sums[cell * 4]! += x;
    sums[cell * 4 + 1]! += y;
    sums[cell * 4 + 2]! += z;
    sums[cell * 4 + 3]! += 1;
  }
  const merged = new Float32Array(cells.size * 3);
  for (let cell = 0; cell < cells.size; cell++)
    for (let axis = 0; axis < 3; axis++)
      merged[cell * 3 + axis] = sums[cell * 4 + axis]! / sums[cell * 4 + 3]!;
  const kept: number[] = [];
  for (let i = 0; i < indices.length; i += 3) {
    const a = target[indices[i]!]!;
    const b = target[indices[i + 1]!]!;
    const c = target[indices[i + 2]!]!;
    if (a !== b && b !== c && a !== c) kept.push(a, b, c);
  }
  return { positions: merged, indices: Uint32Array.from(kept) };
}

/** Surfaces with at most about `maxTriangles` together, and the cell size used (null: as given). */
export function limitTriangles(
  meshes: readonly Mesh[],
  maxTriangles: number,
): { meshes: Mesh[]; cellMm: number | null } {
  const count = (list: readonly Mesh[]) => list.reduce((sum, mesh) => sum + mesh.indices.length / 3, 0);
  let shown = [...meshes];
  let cellMm: number | null = null;
  let size = 1.5;
  for (let triangles = count(shown); triangles > maxTriangles && size < 100; triangles = count(shown)) {
    cellMm = size;
    shown = meshes.map((mesh) => {
      const coarse = clusterVertices(mesh, size);
      return coarse.indices.length > 0 ? coarse : mesh;
    });
    // Triangles fall with the square of the cell size once cells are larger than triangles.
    size *= Math.max(1.15, 0.95 * Math.sqrt(count(shown) / maxTriangles));
  }
  return { meshes: shown, cellMm };
}
