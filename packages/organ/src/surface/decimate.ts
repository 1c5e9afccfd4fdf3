import type { Patches } from "@viscera/kernels";
import { MeshoptSimplifier } from "meshoptimizer";

/**
 * Thins out each patch by quadric edge collapse (meshoptimizer) to an absolute error. Vertices are taken away,
 * none is moved or added. Those on the outline of a patch stay, and so do those marked in `keep`; a face shared
 * by two structures is thinned out once, for both. Needs `await MeshoptSimplifier.ready`.
 */
export function decimatePatches(
  positionsMm: Float32Array,
  patches: Patches,
  keep: Uint8Array,
  errorMm: number,
): Patches {
  const vertices = positionsMm.length / 3;
  const locked = lockOutlines(patches, keep);
  const local = new Uint32Array(vertices);
  const lastPatch = new Int32Array(vertices).fill(-1);
  const start = new Uint32Array(patches.start.length);
  const parts: Uint32Array[] = [];
  for (let patch = 0; patch < patches.inside.length; patch++) {
    const own = patches.triangles.subarray(3 * patches.start[patch]!, 3 * patches.start[patch + 1]!);
    const global: number[] = [];
    const indices = Uint32Array.from(own, (v) => {
      if (lastPatch[v] !== patch) {
        lastPatch[v] = patch;
        local[v] = global.length;
        global.push(v);
      }
      return local[v]!;
    });
    const [kept] = MeshoptSimplifier.simplifyWithAttributes(
      indices,
      Float32Array.from(
        { length: 3 * global.length },
        (_, i) => positionsMm[3 * global[Math.floor(i / 3)]! + (i % 3)]!,
      ),
      3,
      new Float32Array(global.length),
      1,
      [],
      Uint8Array.from(global, (v) => locked[v]!),
      0,
      errorMm,
      ["LockBorder", "ErrorAbsolute"],
    );
    parts.push(kept.map((v) => global[v]!));
    start[patch + 1] = start[patch]! + kept.length / 3;
  }
  return { ...patches, start, triangles: concatenate(parts) };
}

/** Patches of `after`, but those marked in `restore` as in `before`. */
export function restorePatches(before: Patches, after: Patches, restore: Uint8Array): Patches {
  const start = new Uint32Array(before.start.length);
  const parts = Array.from(restore, (undo, patch) => {
    const from = undo ? before : after;
    const part = from.triangles.subarray(3 * from.start[patch]!, 3 * from.start[patch + 1]!);
    start[patch + 1] = start[patch]! + part.length / 3;
    return part;
  });
  return { ...before, start, triangles: concatenate(parts) };
}

/** 1 for vertices that belong to several patches or are marked in `keep`. */
function lockOutlines(patches: Patches, keep: Uint8Array): Uint8Array {
  const locked = keep.slice();
  const firstPatch = new Int32Array(keep.length).fill(-1);
  for (let patch = 0; patch < patches.inside.length; patch++)
    for (let i = 3 * patches.start[patch]!; i < 3 * patches.start[patch + 1]!; i++) {
      const v = patches.triangles[i]!;
      if (firstPatch[v] === -1) firstPatch[v] = patch;
      else if (firstPatch[v] !== patch) locked[v] = 1;
    }
  return locked;
}

function concatenate(parts: Uint32Array[]): Uint32Array {
  const out = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
