import type { Mesh } from "@viscera/core";

/** Enclosed volume in mm^3, by the divergence theorem, relative to the first vertex to keep digits. */
export function meshVolumeMm3({ positions: p, indices }: Mesh): number {
  if (indices.length === 0) return 0;
  const [ox, oy, oz] = [p[0]!, p[1]!, p[2]!];
  let six = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const a = 3 * indices[t]!;
    const b = 3 * indices[t + 1]!;
    const c = 3 * indices[t + 2]!;
    const bx = p[b]! - ox;
    const by = p[b + 1]! - oy;
    const bz = p[b + 2]! - oz;
    const cx = p[c]! - ox;
    const cy = p[c + 1]! - oy;
    const cz = p[c + 2]! - oz;
    six +=
      (p[a]! - ox) * (by * cz - bz * cy) +
      (p[a + 1]! - oy) * (bz * cx - bx * cz) +
      (p[a + 2]! - oz) * (bx * cy - by * cx);
  }
  return six / 6;
}

/** Normal of triangle t (first of its three entries in `indices`) with twice its area as length. */
function normalOf({ positions: p, indices }: Mesh, t: number, out: Float64Array): void {
  const a = 3 * indices[t]!;
  const b = 3 * indices[t + 1]!;
  const c = 3 * indices[t + 2]!;
  const ux = p[b]! - p[a]!;
  const uy = p[b + 1]! - p[a + 1]!;
  const uz = p[b + 2]! - p[a + 2]!;
  const vx = p[c]! - p[a]!;
  const vy = p[c + 1]! - p[a + 1]!;
  const vz = p[c + 2]! - p[a + 2]!;
  out[0] = uy * vz - uz * vy;
  out[1] = uz * vx - ux * vz;
  out[2] = ux * vy - uy * vx;
}

/** Surface area in mm^2. */
export function meshAreaMm2(mesh: Mesh): number {
  const normal = new Float64Array(3);
  let twice = 0;
  for (let t = 0; t < mesh.indices.length; t += 3) {
    normalOf(mesh, t, normal);
    twice += Math.hypot(normal[0]!, normal[1]!, normal[2]!);
  }
  return twice / 2;
}

/** Unit normals, 3 numbers a vertex: mean of the triangles around it, weighted by their angle there. */
export function vertexNormals(mesh: Mesh): Float32Array {
  const { positions: p, indices } = mesh;
  const normals = new Float32Array(p.length);
  const normal = new Float64Array(3);
  for (let t = 0; t < indices.length; t += 3) {
    normalOf(mesh, t, normal);
    const length = Math.hypot(normal[0]!, normal[1]!, normal[2]!);
    if (length === 0) continue;
    for (let i = 0; i < 3; i++) {
      const v = 3 * indices[t + i]!;
      const a = 3 * indices[t + ((i + 1) % 3)]!;
      const b = 3 * indices[t + ((i + 2) % 3)]!;
      let along = 0;
      for (let axis = 0; axis < 3; axis++)
        along += (p[a + axis]! - p[v + axis]!) * (p[b + axis]! - p[v + axis]!);
      const angle = Math.atan2(length, along);
      for (let axis = 0; axis < 3; axis++) normals[v + axis]! += (angle * normal[axis]!) / length;
    }
  }
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.hypot(normals[v]!, normals[v + 1]!, normals[v + 2]!);
    if (length > 0) for (let axis = 0; axis < 3; axis++) normals[v + axis]! /= length;
    else normals[v + 2] = 1;
  }
  return normals;
}
