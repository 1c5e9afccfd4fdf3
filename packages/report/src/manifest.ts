/** What the page's script gets: a JSON manifest, and three blocks of base64 text beside it. */
import type { Affine, Size3 } from "@viscera/core";
import type { Chart } from "./charts.js";
import type { Coloring } from "./colorings.js";
import { fromBase64, inflate } from "./compression.js";
import { type PackedMesh, unpackMesh } from "./mesh-packing.js";
import type { GreyWindow } from "./windows.js";

export interface Manifest {
  grid: { size: Size3; affine: Affine; spacingMm: [number, number, number] } | null;
  image: { slope: number; intercept: number; unit: string } | null;
  hasLabels: boolean;
  windows: GreyWindow[];
  /** Voxel at which the three views start. */
  start: [number, number, number];
  structures: { title: string; group: string; color: string; envelope: boolean; wrapping: boolean }[];
  /** `structure` counts from 1, as in the label image. */
  meshes: (Omit<PackedMesh, "bytes"> & { structure: number; length: number })[];
  charts: Chart[];
  colorings: Coloring[];
}

/** The surfaces of a page, in the manifest's order. */
export async function unpackMeshes(list: Manifest["meshes"], text: string) {
  const bytes = list.length > 0 ? await inflate(fromBase64(text)) : new Uint8Array(0);
  let at = 0;
  return list.map((entry) => {
    const own = bytes.subarray(at, at + entry.length);
    at += entry.length;
    return { structure: entry.structure, mesh: unpackMesh({ ...entry, bytes: own }) };
  });
}
