import type { Mesh } from "@viscera/core";
import { hashWords, tableSize } from "./watertight.js";

/**
 * Splits vertices where the surface is bent more sharply than `degrees`, such as along the outline of a flat
 * cap, so that shading with one normal a vertex shows the crease. Vertices keep their order; the second and
 * further copies of a split one come after all others.
 */
export function splitCreases(mesh: Mesh, degrees: number): Mesh {
  const { positions: p, indices } = mesh;
  const corners = indices.length;
  const normals = triangleNormals(mesh);
  const smoothest = Math.cos((degrees * Math.PI) / 180);
  const parent = Uint32Array.from({ length: corners }, (_, corner) => corner);
  const find = (corner: number): number => {
    while (parent[corner] !== corner) {
      parent[corner] = parent[parent[corner]!]!;
      corner = parent[corner]!;
    }
    return corner;
  };
  const join = (a: number, b: number): void => {
    const [ra, rb] = [find(a), find(b)];
    parent[Math.max(ra, rb)] = Math.min(ra, rb);
  };
  const next = (corner: number): number => (corner % 3 === 2 ? corner - 2 : corner + 1);

  // Each directed edge meets its opposite, and the corners at both ends are joined where it is no crease.
  const table = new Int32Array(tableSize(corners)).fill(-1);
  const mask = table.length - 1;
  for (let corner = 0; corner < corners; corner++) {
    const from = indices[corner]!;
    const to = indices[next(corner)]!;
    let slot = hashWords(Math.min(from, to), Math.max(from, to)) & mask;
    for (; table[slot]! >= 0; slot = (slot + 1) & mask) {
      const other = table[slot]!;
      if (indices[other] !== to || indices[next(other)] !== from) continue;
      const [s, t] = [3 * Math.floor(corner / 3), 3 * Math.floor(other / 3)];
      const cosine =
        normals[s]! * normals[t]! + normals[s + 1]! * normals[t + 1]! + normals[s + 2]! * normals[t + 2]!;
      if (cosine < smoothest) continue;
      join(corner, next(other));
      join(next(corner), other);
    }
    table[slot] = corner;
  }

  const owner = new Int32Array(p.length / 3).fill(-1);
  const vertexOfRoot = new Map<number, number>();
  const source: number[] = [];
  const split = Uint32Array.from(indices, (v, corner) => {
    const root = find(corner);
    if (owner[v] === -1) owner[v] = root;
    if (owner[v] === root) return v;
    let copy = vertexOfRoot.get(root);
    if (copy === undefined) {
      copy = p.length / 3 + source.length;
      vertexOfRoot.set(root, copy);
      source.push(v);
    }
    return copy;
  });
  const positions = new Float32Array(p.length + 3 * source.length);
  positions.set(p);
  source.forEach((v, i) => positions.set(p.subarray(3 * v, 3 * v + 3), p.length + 3 * i));
  return { positions, indices: split };
}

/** Unit normal of each triangle, 0 where it has no area. */
function triangleNormals({ positions: p, indices }: Mesh): Float32Array {
  const normals = new Float32Array(indices.length);
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [3 * indices[t]!, 3 * indices[t + 1]!, 3 * indices[t + 2]!];
    const [ux, uy, uz] = [p[b]! - p[a]!, p[b + 1]! - p[a + 1]!, p[b + 2]! - p[a + 2]!];
    const [vx, vy, vz] = [p[c]! - p[a]!, p[c + 1]! - p[a + 1]!, p[c + 2]! - p[a + 2]!];
    const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    const length = Math.hypot(n[0]!, n[1]!, n[2]!) || 1;
    for (let axis = 0; axis < 3; axis++) normals[t + axis] = n[axis]! / length;
  }
  return normals;
}
