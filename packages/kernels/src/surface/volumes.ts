import type { Patches } from "./patches.js";
import { FIXED, type VertexBounds } from "./vertex-bounds.js";

/** Enclosed volume of each piece in voxels, negative for cavities; entry 0 means nothing. */
export function pieceVolumes(positions: Float32Array, patches: Patches, pieceCount: number): Float64Array {
  const { triangles, start, inside, outside } = patches;
  const p = positions;
  const volumes = new Float64Array(pieceCount);
  for (let patch = 0; patch < inside.length; patch++) {
    let six = 0;
    for (let t = 3 * start[patch]!; t < 3 * start[patch + 1]!; t += 3) {
      const a = 3 * triangles[t]!;
      const b = 3 * triangles[t + 1]!;
      const c = 3 * triangles[t + 2]!;
      six +=
        p[a]! * (p[b + 1]! * p[c + 2]! - p[b + 2]! * p[c + 1]!) +
        p[a + 1]! * (p[b + 2]! * p[c]! - p[b]! * p[c + 2]!) +
        p[a + 2]! * (p[b]! * p[c + 1]! - p[b + 1]! * p[c]!);
    }
    volumes[inside[patch]!]! += six / 6;
    volumes[outside[patch]!]! -= six / 6;
  }
  return volumes;
}

/** Weight of keeping a piece's offset small, relative to its area: settles sets of pieces that fill the image. */
const REGULARISATION = 1e-6;

/**
 * Offsets of the pieces' surfaces, in voxels outwards, that change their volumes by `change`. Where pieces a
 * and b share area S, the face moves by offset a - offset b, and S times that goes from b to a; solved by
 * conjugate gradients, as the matrix is symmetric and sparse.
 */
function solveOffsets(change: Float64Array, patches: Patches, areas: Float64Array): Float64Array {
  const n = change.length;
  const { inside, outside } = patches;
  const own = new Float64Array(n);
  for (let patch = 0; patch < inside.length; patch++) {
    own[inside[patch]!]! += areas[patch]!;
    own[outside[patch]!]! += areas[patch]!;
  }
  const apply = (x: Float64Array, y: Float64Array): void => {
    for (let i = 0; i < n; i++) y[i] = REGULARISATION * own[i]! * x[i]!;
    for (let patch = 0; patch < inside.length; patch++) {
      const a = inside[patch]!;
      const b = outside[patch]!;
      const flow = areas[patch]! * (x[a]! - x[b]!);
      y[a]! += flow;
      y[b]! -= flow;
    }
    y[0] = 0;
  };
  const x = new Float64Array(n);
  const r = change.map((v, i) => (i > 0 && own[i]! > 0 ? v : 0));
  const direction = new Float64Array(n);
  const image = new Float64Array(n);
  // Jacobi preconditioning: pieces' areas differ by orders of magnitude.
  const scaled = r.map((v, i) => (own[i]! > 0 ? v / own[i]! : 0));
  direction.set(scaled);
  let rho = r.reduce((sum, v, i) => sum + v * scaled[i]!, 0);
  const enough = 1e-12 * rho;
  for (let step = 0; step < 200 && rho > enough; step++) {
    apply(direction, image);
    const alpha = rho / direction.reduce((sum, v, i) => sum + v * image[i]!, 0);
    let next = 0;
    for (let i = 0; i < n; i++) {
      x[i]! += alpha * direction[i]!;
      r[i]! -= alpha * image[i]!;
      scaled[i] = own[i]! > 0 ? r[i]! / own[i]! : 0;
      next += r[i]! * scaled[i]!;
    }
    for (let i = 0; i < n; i++) direction[i] = scaled[i]! + (next / rho) * direction[i]!;
    rho = next;
  }
  return x;
}

/** Longest step along the normal in one round, in voxels. */
const LONGEST_STEP = 0.3;

/**
 * Moves vertices along their normals, in place and within their bounds, until each piece encloses its target
 * volume: every face between two pieces is offset evenly, all pieces at once. Coordinates are voxels.
 * Returns the volumes reached.
 */
export function correctVolumes(
  positions: Float32Array,
  patches: Patches,
  target: Float64Array,
  bounds: VertexBounds,
  rounds = 8,
): Float64Array {
  const { triangles, start, inside, outside, isCap } = patches;
  const p = positions;
  const { fixed } = bounds;
  const vertices = p.length / 3;
  const shift = new Float32Array(p.length);
  const weight = new Float32Array(vertices);
  const normal = new Float64Array(3);
  let volumes = pieceVolumes(p, patches, target.length);
  for (let round = 0; round < rounds; round++) {
    const change = target.map((v, i) => v - volumes[i]!);
    change[0] = 0;
    if (change.every((v, i) => Math.abs(v) <= 1e-4 * Math.abs(target[i]!))) break;

    const offsets = solveOffsets(change, patches, freeAreas(p, patches, fixed));
    shift.fill(0);
    weight.fill(0);
    for (let patch = 0; patch < inside.length; patch++) {
      if (isCap[patch]) continue;
      const difference = offsets[inside[patch]!]! - offsets[outside[patch]!]!;
      const step = Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, difference));
      for (let t = 3 * start[patch]!; t < 3 * start[patch + 1]!; t += 3) {
        areaVector(p, triangles[t]!, triangles[t + 1]!, triangles[t + 2]!, normal);
        const area = Math.sqrt(normal[0]! ** 2 + normal[1]! ** 2 + normal[2]! ** 2);
        for (let i = t; i < t + 3; i++) {
          const v = triangles[i]!;
          shift[3 * v]! += step * normal[0]!;
          shift[3 * v + 1]! += step * normal[1]!;
          shift[3 * v + 2]! += step * normal[2]!;
          weight[v]! += area;
        }
      }
    }
    for (let v = 0; v < vertices; v++) {
      if (weight[v] === 0 || fixed[v]! & FIXED) continue;
      for (let axis = 0; axis < 3; axis++)
        if (!((fixed[v]! >> axis) & 1)) p[3 * v + axis]! += shift[3 * v + axis]! / weight[v]!;
      bounds.clamp(p, 3 * v, v);
    }
    volumes = pieceVolumes(p, patches, target.length);
  }
  return volumes;
}

/** Area of each patch that can move along its normal: a third of a triangle for each corner that is free. */
function freeAreas(p: Float32Array, patches: Patches, fixed: Uint8Array): Float64Array {
  const { triangles, start, isCap } = patches;
  const normal = new Float64Array(3);
  return Float64Array.from(isCap, (cap, patch) => {
    let area = 0;
    if (cap) return area;
    for (let t = 3 * start[patch]!; t < 3 * start[patch + 1]!; t += 3) {
      let free = 0;
      for (let i = t; i < t + 3; i++) if (!(fixed[triangles[i]!]! & FIXED)) free++;
      if (free === 0) continue;
      areaVector(p, triangles[t]!, triangles[t + 1]!, triangles[t + 2]!, normal);
      area += (free / 3) * Math.sqrt(normal[0]! ** 2 + normal[1]! ** 2 + normal[2]! ** 2);
    }
    return area;
  });
}

/** Normal of a triangle with its area as length. */
function areaVector(p: Float32Array, a: number, b: number, c: number, out: Float64Array): void {
  const ux = p[3 * b]! - p[3 * a]!;
  const uy = p[3 * b + 1]! - p[3 * a + 1]!;
  const uz = p[3 * b + 2]! - p[3 * a + 2]!;
  const vx = p[3 * c]! - p[3 * a]!;
  const vy = p[3 * c + 1]! - p[3 * a + 1]!;
  const vz = p[3 * c + 2]! - p[3 * a + 2]!;
  out[0] = (uy * vz - uz * vy) / 2;
  out[1] = (uz * vx - ux * vz) / 2;
  out[2] = (ux * vy - uy * vx) / 2;
}
