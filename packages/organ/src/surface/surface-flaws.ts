import { labelTriangles, type Patches, type Pieces } from "@viscera/kernels";
import { findFlaws } from "./watertight.js";

export interface SurfaceFlaw {
  patch: number;
  /** Triangle of `Patches.triangles`, counted from 0. */
  triangle: number;
}

/** Labels that have a surface, in ascending order. */
export function labelsOf(pieces: Pieces): number[] {
  return [...new Set(pieces.label.subarray(1))].sort((a, b) => a - b);
}

/** The triangles at which some label's surface is no closed edge-manifold; see `findFlaws` for `merged`. */
export function surfaceFlaws(patches: Patches, pieces: Pieces, merged: Uint32Array): SurfaceFlaw[] {
  const { start, inside, outside } = patches;
  const flaws: SurfaceFlaw[] = [];
  for (const label of labelsOf(pieces)) {
    const sources: number[] = [];
    for (let patch = 0; patch < inside.length; patch++)
      if (pieces.label[inside[patch]!] === label || pieces.label[outside[patch]!] === label)
        sources.push(patch);
    findFlaws(labelTriangles(patches, pieces, label), merged, (place) => {
      let rest = place;
      let i = 0;
      for (; rest >= start[sources[i]! + 1]! - start[sources[i]!]!; i++)
        rest -= start[sources[i]! + 1]! - start[sources[i]!]!;
      flaws.push({ patch: sources[i]!, triangle: start[sources[i]!]! + rest });
    });
  }
  return flaws;
}
