/** The page's data: what is drawn at once and what is embedded for the page's script. */
import { type JobOptions, spacingOf, throwIfCancelled } from "@viscera/core";
import { chartsOf } from "./charts.js";
import { coloringsOf } from "./colorings.js";
import { deflate, toBase64 } from "./compression.js";
import { type DisplayGrid, displayGridOf, displayImageOf, displayLabelsOf } from "./display-grid.js";
import { packImage, packLabels } from "./image-packing.js";
import type { Manifest } from "./manifest.js";
import { limitTriangles } from "./mesh-clustering.js";
import { packMesh } from "./mesh-packing.js";
import type { Part } from "./mesh-picture.js";
import { formatUnit } from "./numbers.js";
import { PLANES } from "./planes.js";
import type { ReportInput, ReportMesh } from "./report-input.js";
import { paletteOf, richestSlice, type SliceSource } from "./slice-image.js";
import type { Structure } from "./structures.js";
import { windowsFor } from "./windows.js";

/** Triangles a page shows smoothly on a plain laptop; organs take theirs before the layers around them. */
const MOST_TRIANGLES = 400_000;
const MOST_ORGAN_TRIANGLES = 320_000;

/** The page's data, as it is drawn at once and as it is embedded. */
export interface Payload {
  manifest: Manifest;
  source: SliceSource | null;
  grid: DisplayGrid | null;
  parts: (Part & { structure: number })[];
  /** Edge of the clusters that display surfaces were coarsened with; null where they are as given. */
  clusterMm: { organs: number | null; layers: number | null };
  blocks: { image: string; labels: string; meshes: string };
}

export async function payloadOf(
  input: ReportInput,
  structures: readonly Structure[],
  options: JobOptions,
): Promise<Payload> {
  const step = (done: number) => {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "report", done, total: 5 });
  };
  step(0);
  const base = input.scan ?? input.labels;
  const grid = base ? displayGridOf(base) : null;
  const image = grid && input.scan ? displayImageOf(input.scan, grid) : null;
  step(1);
  const ids = structures.map((structure) => structure.id);
  const labels = grid && input.labels ? displayLabelsOf(input.labels, grid, ids) : null;
  const palette = paletteOf(structures.map((structure) => structure.color));
  const source = grid ? { size: grid.size, image, labels, palette } : null;
  step(2);
  const numberOf = new Map(ids.map((id, i) => [id, i + 1]));
  const solid = input.meshes.filter(({ mesh }) => mesh.indices.length > 0);
  const shown = displayMeshes(solid, (id) => structures[numberOf.get(id)! - 1]!.wrapping);
  const parts = solid.map(({ id }, i) => {
    const structure = numberOf.get(id)!;
    return { structure, mesh: shown.meshes[i]!, color: structures[structure - 1]!.color };
  });
  step(3);
  const packed = parts.map(({ mesh }) => packMesh(mesh));
  const bytes = new Uint8Array(packed.reduce((sum, mesh) => sum + mesh.bytes.length, 0));
  let at = 0;
  for (const mesh of packed) {
    bytes.set(mesh.bytes, at);
    at += mesh.bytes.length;
  }
  const blocks = {
    image: image ? await packImage(image.data) : "",
    labels: labels ? await packLabels(labels) : "",
    meshes: packed.length > 0 ? toBase64(await deflate(bytes)) : "",
  };
  step(4);
  const manifest: Manifest = {
    grid: grid && { size: grid.size, affine: grid.affine, spacingMm: spacingOf(grid.affine) },
    image: image && {
      slope: image.slope,
      intercept: image.intercept,
      unit: formatUnit(input.scan!.unit),
    },
    hasLabels: labels !== null,
    windows: input.scan && image ? windowsFor(input.scan, image) : [],
    start: grid
      ? ([PLANES.sagittal, PLANES.coronal, PLANES.axial].map((p) => richestSlice(grid.size, labels, p)) as [
          number,
          number,
          number,
        ])
      : [0, 0, 0],
    structures: structures.map(({ title, group, color, envelope, wrapping }) => ({
      title,
      group,
      color,
      envelope,
      wrapping,
    })),
    meshes: packed.map(({ bytes: own, ...rest }, i) => ({
      ...rest,
      structure: parts[i]!.structure,
      length: own.length,
    })),
    charts: input.runs.flatMap(chartsOf),
    colorings: coloringsOf(input.runs, structures, new Set(parts.map(({ structure }) => structure))),
  };
  return { manifest, source, grid, parts, clusterMm: shown.clusterMm, blocks };
}

/** Surfaces for display, in the order given. */
function displayMeshes(meshes: readonly ReportMesh[], isLayer: (id: number) => boolean) {
  const pick = (layers: boolean) => meshes.filter(({ id }) => isLayer(id) === layers).map(({ mesh }) => mesh);
  const organs = limitTriangles(pick(false), MOST_ORGAN_TRIANGLES);
  const used = organs.meshes.reduce((sum, mesh) => sum + mesh.indices.length / 3, 0);
  const layers = limitTriangles(pick(true), MOST_TRIANGLES - used);
  let nextOrgan = 0;
  let nextLayer = 0;
  return {
    meshes: meshes.map(({ id }) => (isLayer(id) ? layers.meshes[nextLayer++]! : organs.meshes[nextOrgan++]!)),
    clusterMm: { organs: organs.cellMm, layers: layers.cellMm },
  };
}
