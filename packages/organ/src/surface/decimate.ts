import type { Patches, Pieces } from "@viscera/kernels";
import { MeshoptSimplifier } from "meshoptimizer";
import { surfaceFlaws } from "./surface-flaws.js";

/**
 * Thins out each patch by quadric edge collapse (meshoptimizer) to an absolute error. Vertices are taken away,
 * none is moved or added. Those on the outline of a patch stay, and so do those marked in `keep`; a face shared
 * by two structures is thinned out once, for both. Where a collapse would spoil a structure's surface, the
 * vertices around that place are kept as well. Needs `await MeshoptSimplifier.ready`.
 */
export function decimatePatches(
  positionsMm: Float32Array,
  full: Patches,
  pieces: Pieces,
  keep: Uint8Array,
  errorMm: number,
): Patches {
  const locked = lockOutlines(full, keep);
  const itself = Uint32Array.from(keep, (_, v) => v);
  let patches = decimateMarked(
    positionsMm,
    full,
    full,
    new Uint8Array(full.inside.length).fill(1),
    locked,
    errorMm,
  );
  for (let round = 0; round < REPAIR_ROUNDS; round++) {
    const flaws = surfaceFlaws(patches, pieces, itself);
    if (flaws.length === 0) return patches;
    const redo = new Uint8Array(full.inside.length);
    for (const { patch, triangle } of flaws) {
      redo[patch] = 1;
      lockAround(
        positionsMm,
        patches.triangles.subarray(3 * triangle, 3 * triangle + 3),
        full,
        patch,
        locked,
        round * errorMm,
      );
    }
    patches = decimateMarked(positionsMm, full, patches, redo, locked, errorMm);
  }
  const flawed = new Uint8Array(full.inside.length);
  for (const { patch } of surfaceFlaws(patches, pieces, itself)) flawed[patch] = 1;
  return restorePatches(full, patches, flawed);
}

const REPAIR_ROUNDS = 6;

/** Locks the vertices of a patch in the bounding box of one of its triangles, widened by a margin. */
function lockAround(
  positions: Float32Array,
  corners: Uint32Array,
  { triangles, start }: Patches,
  patch: number,
  locked: Uint8Array,
  margin: number,
): void {
  const low = [0, 1, 2].map(
    (axis) => Math.min(...Array.from(corners, (v) => positions[3 * v + axis]!)) - margin,
  );
  const high = [0, 1, 2].map(
    (axis) => Math.max(...Array.from(corners, (v) => positions[3 * v + axis]!)) + margin,
  );
  for (let i = 3 * start[patch]!; i < 3 * start[patch + 1]!; i++) {
    const v = triangles[i]!;
    if (
      [0, 1, 2].every(
        (axis) => positions[3 * v + axis]! >= low[axis]! && positions[3 * v + axis]! <= high[axis]!,
      )
    )
      locked[v] = 1;
  }
}

/** `current`, with the marked patches decimated anew from `full`. */
function decimateMarked(
  positionsMm: Float32Array,
  full: Patches,
  current: Patches,
  marked: Uint8Array,
  locked: Uint8Array,
  errorMm: number,
): Patches {
  const local = new Uint32Array(locked.length);
  const lastPatch = new Int32Array(locked.length).fill(-1);
  const parts = Array.from(marked, (mark, patch) => {
    if (!mark) return partOf(current, patch);
    const own = partOf(full, patch);
    const global: number[] = [];
    const indices = own.map((v) => {
      if (lastPatch[v] !== patch) {
        lastPatch[v] = patch;
        local[v] = global.length;
        global.push(v);
      }
      return local[v]!;
    });
    const points = new Float32Array(3 * global.length);
    global.forEach((v, i) => points.set(positionsMm.subarray(3 * v, 3 * v + 3), 3 * i));
    const [kept] = MeshoptSimplifier.simplifyWithAttributes(
      indices,
      points,
      3,
      new Float32Array(global.length),
      1,
      [],
      Uint8Array.from(global, (v) => locked[v]!),
      0,
      errorMm,
      ["LockBorder", "ErrorAbsolute"],
    );
    return kept.map((v) => global[v]!);
  });
  return assemble(full, parts);
}

function partOf({ triangles, start }: Patches, patch: number): Uint32Array {
  return triangles.subarray(3 * start[patch]!, 3 * start[patch + 1]!);
}

function assemble(like: Patches, parts: Uint32Array[]): Patches {
  const start = new Uint32Array(parts.length + 1);
  parts.forEach((part, patch) => {
    start[patch + 1] = start[patch]! + part.length / 3;
  });
  const triangles = new Uint32Array(3 * start[parts.length]!);
  parts.forEach((part, patch) => triangles.set(part, 3 * start[patch]!));
  return { ...like, start, triangles };
}

/** `after`, but the patches marked in `restore` as in `before`. */
export function restorePatches(before: Patches, after: Patches, restore: Uint8Array): Patches {
  return assemble(
    before,
    Array.from(restore, (undo, patch) => partOf(undo ? before : after, patch)),
  );
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
