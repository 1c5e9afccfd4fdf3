import { type LabelSurfaces, OUTSIDE } from "./label-surfaces.js";
import type { FacePieces, Pieces } from "./pieces.js";

/**
 * Triangles sorted into patches: patch p holds the triangles between two pieces of surface (or a piece and
 * background, or a piece and the image's border), wound so that normals point from inside to outside.
 */
export interface Patches {
  /** 3 vertices a triangle; patch p has triangles `start[p]` to `start[p + 1] - 1`. */
  triangles: Uint32Array;
  start: Uint32Array;
  /** Pieces on both sides; 0 is none. */
  inside: Uint32Array;
  outside: Uint32Array;
  /** 1: the patch lies on the image's border. */
  isCap: Uint8Array;
}

/** Cuts quads into triangles along their shorter diagonal and sorts all triangles into patches. */
export function triangulate(surfaces: LabelSurfaces, pieces: FacePieces): Patches {
  const { quads, triangles: fans, positions: p } = surfaces;
  const inside: number[] = [];
  const outside: number[] = [];
  const isCap: number[] = [];
  const numberOf = new Map<number, number>();
  const pieceCount = pieces.label.length;
  let lastKey = -1;
  let lastPatch = 0;
  const patchOf = (a: number, b: number, cap: boolean): number => {
    const key = 2 * (a * pieceCount + b) + (cap ? 1 : 0);
    if (key === lastKey) return lastPatch;
    let patch = numberOf.get(key);
    if (patch === undefined) {
      patch = inside.length;
      numberOf.set(key, patch);
      inside.push(a);
      outside.push(b);
      isCap.push(cap ? 1 : 0);
    }
    lastKey = key;
    lastPatch = patch;
    return patch;
  };

  const quadCount = surfaces.quadInside.length;
  const fanCount = surfaces.triangleInside.length;
  const facePatch = new Uint32Array(quadCount + fanCount);
  for (let f = 0; f < quadCount; f++)
    facePatch[f] = patchOf(
      pieces.quadInside[f]!,
      pieces.quadOutside[f]!,
      surfaces.quadOutside[f] === OUTSIDE,
    );
  for (let f = 0; f < fanCount; f++)
    facePatch[quadCount + f] = patchOf(pieces.triangleInside[f]!, pieces.triangleOutside[f]!, false);

  const start = new Uint32Array(inside.length + 1);
  for (let f = 0; f < facePatch.length; f++) start[facePatch[f]! + 1]! += f < quadCount ? 2 : 1;
  for (let patch = 0; patch < inside.length; patch++) start[patch + 1]! += start[patch]!;
  const fill = start.slice();
  const triangles = new Uint32Array(3 * start[inside.length]!);
  const squared = (a: number, b: number): number =>
    (p[3 * a]! - p[3 * b]!) ** 2 +
    (p[3 * a + 1]! - p[3 * b + 1]!) ** 2 +
    (p[3 * a + 2]! - p[3 * b + 2]!) ** 2;
  for (let f = 0; f < quadCount; f++) {
    let a = quads[4 * f]!;
    let b = quads[4 * f + 1]!;
    let c = quads[4 * f + 2]!;
    let d = quads[4 * f + 3]!;
    if (squared(b, d) < squared(a, c)) [a, b, c, d] = [b, c, d, a];
    const t = 3 * fill[facePatch[f]!]!;
    fill[facePatch[f]!]! += 2;
    triangles[t] = a;
    triangles[t + 1] = b;
    triangles[t + 2] = c;
    triangles[t + 3] = a;
    triangles[t + 4] = c;
    triangles[t + 5] = d;
  }
  for (let f = 0; f < fanCount; f++) {
    const t = 3 * fill[facePatch[quadCount + f]!]!++;
    for (let i = 0; i < 3; i++) triangles[t + i] = fans[3 * f + i]!;
  }
  return {
    triangles,
    start,
    inside: Uint32Array.from(inside),
    outside: Uint32Array.from(outside),
    isCap: Uint8Array.from(isCap),
  };
}

/** All triangles around one label, with outward normals. */
export function labelTriangles(patches: Patches, pieces: Pieces, label: number): Uint32Array {
  const { triangles, start, inside, outside } = patches;
  const isInside = (patch: number): boolean => pieces.label[inside[patch]!] === label;
  const isOutside = (patch: number): boolean => pieces.label[outside[patch]!] === label;
  let count = 0;
  for (let patch = 0; patch < inside.length; patch++)
    if (isInside(patch) || isOutside(patch)) count += 3 * (start[patch + 1]! - start[patch]!);
  const out = new Uint32Array(count);
  let at = 0;
  for (let patch = 0; patch < inside.length; patch++) {
    if (isInside(patch)) {
      const own = triangles.subarray(3 * start[patch]!, 3 * start[patch + 1]!);
      out.set(own, at);
      at += own.length;
    } else if (isOutside(patch))
      for (let t = 3 * start[patch]!; t < 3 * start[patch + 1]!; t += 3) {
        out[at++] = triangles[t]!;
        out[at++] = triangles[t + 2]!;
        out[at++] = triangles[t + 1]!;
      }
  }
  return out;
}
