import { inputError, type VoxelArray } from "@viscera/core";
import { openDetachedVoxels } from "../image/detached-voxels.js";
import { checkAffine, sizeOf } from "../image/geometry.js";
import type { ColourData, ImageFile, RawLabel } from "../image/image.js";
import { readVoxels, type VoxelFile } from "../image/read-voxels.js";
import type { FileSource, ReadImageOptions } from "../image/source.js";
import { luminance } from "../image/values.js";
import { parseSegments, type Segment } from "../labels/segments.js";
import { type NrrdHeader, nrrdAffine, nrrdEncoding, nrrdSizes, nrrdType, parseNrrdHeader } from "./header.js";

/** Reads a NRRD, `file` being the header's file at its start: attached or detached, also .seg.nrrd. */
export async function readNrrd(
  file: VoxelFile,
  source: FileSource,
  options: ReadImageOptions,
): Promise<ImageFile> {
  const { name } = file;
  const header = await parseNrrdHeader(file.reader, name);
  const sizes = nrrdSizes(header, name);
  const type = nrrdType(header, name);
  const encoding = nrrdEncoding(header, name);
  const first = firstAxis(header, sizes);
  const spatialSizes = first === "space" ? sizes : sizes.slice(1);
  const size = sizeOf(spatialSizes, name);
  const components = first === "space" ? 1 : sizes[0]!;
  const segments = parseSegments(header.pairs, first === "layers" ? components : 1);
  checkComponents(first, components, segments, type === "uint8", sizes, name);
  const spatial = spatialSizes.slice(0, 3).map((_, i) => i + sizes.length - spatialSizes.length);
  const { affine, warnings } = nrrdAffine(header, spatial, name);
  checkAffine(affine, name);

  const voxels = await openVoxels(file, header, source);
  let data: VoxelArray;
  try {
    await skipLines(voxels, header);
    data = await readVoxels(
      voxels,
      {
        type,
        encoding,
        littleEndian: (header.fields.get("endian") ?? "little").toLowerCase() !== "big",
        count: size[0] * size[1] * size[2] * components,
        skipBytes: byteSkip(header, encoding, name),
      },
      options,
      warnings,
    );
  } finally {
    await voxels.reader.close();
  }

  let colour: ColourData | null = null;
  let names: RawLabel[] = segments.map(({ value, label }) => ({ id: value, ...label }));
  if (first === "colour" && components > 1) {
    colour = { channels: components, data: data as Uint8Array };
    data = luminance(colour.data, components);
  } else if (first === "layers" && components > 1) {
    const flat = flattenLayers(data, components, segments);
    data = flat.data;
    names = flat.names;
    if (flat.overlaps > 0) {
      warnings.push(`${flat.overlaps} voxels belong to several segments; the later segment took them.`);
    }
  }
  const modality = header.pairs.get("Modality") ?? null;
  const unit = modality === "CT" ? "HU" : null;
  return { format: "nrrd", volume: { size, affine, data, modality, unit }, colour, names, warnings };
}

/** What the fastest axis runs over. */
function firstAxis(header: NrrdHeader, sizes: readonly number[]): "space" | "colour" | "layers" {
  if (sizes.length < 2) return "space";
  const kind = (header.fields.get("kinds") ?? "").trim().split(/\s+/)[0]!.toLowerCase();
  const directionless = /^\s*none/i.test(header.fields.get("space directions") ?? "");
  if (kind === "list" && sizes.length === 4) return "layers";
  if (/^(rgba?-color|[234]-color|vector|[234]-vector|list|3-gradient)$/.test(kind)) return "colour";
  return directionless && sizes.length === 4 ? "layers" : "space";
}

function checkComponents(
  first: "space" | "colour" | "layers",
  components: number,
  segments: readonly Segment[],
  bytes: boolean,
  sizes: readonly number[],
  name: string,
): void {
  if (first === "space" || components === 1) return;
  if (first === "colour" && bytes && (components === 3 || components === 4)) return;
  if (first === "layers" && segments.length > 0) return;
  throw inputError(
    "4d",
    `${name} has ${components} values in each voxel (${sizes.join("x")}); a single 3D image is needed.`,
    "Take one volume out of it (one time point or one component) and save that as a 3D file.",
  );
}

async function openVoxels(file: VoxelFile, header: NrrdHeader, source: FileSource): Promise<VoxelFile> {
  const data = header.fields.get("data file") ?? header.fields.get("datafile");
  if (data === undefined) return file;
  await file.reader.close();
  return openDetachedVoxels(data, source, ".nrrd");
}

/** "line skip" counts lines before the voxels as they lie in the file, packed or not. */
async function skipLines(voxels: VoxelFile, header: NrrdHeader): Promise<void> {
  let lines = Number(header.fields.get("line skip") ?? header.fields.get("lineskip") ?? 0);
  while (lines > 0 && (await voxels.reader.line(1 << 20)) !== null) lines--;
}

function byteSkip(header: NrrdHeader, encoding: string, name: string): number | "end" {
  const skip = Number(header.fields.get("byte skip") ?? header.fields.get("byteskip") ?? 0);
  if (skip === -1 && encoding === "raw") return "end";
  if (!Number.isInteger(skip) || skip < 0) {
    throw inputError("corrupt", `${name} has an unusable "byte skip" in its header.`);
  }
  return skip;
}

/**
 * One label image from layers that lie interleaved (layer fastest). Values are kept where they differ between
 * segments; otherwise segments are numbered from 1 in their order.
 */
function flattenLayers(
  data: VoxelArray,
  layers: number,
  segments: readonly Segment[],
): { data: VoxelArray; names: RawLabel[]; overlaps: number } {
  const distinct = new Set(segments.map((s) => s.value)).size === segments.length;
  const idOf = (segment: Segment, position: number) => (distinct ? segment.value : position + 1);
  const names = segments.map((segment, position) => ({ id: idOf(segment, position), ...segment.label }));
  const out = new Uint32Array(data.length / layers);
  const order = new Int32Array(out.length).fill(-1);
  let overlaps = 0;
  const positions = Array.from({ length: layers }, () => new Map<number, number>());
  for (const [position, segment] of segments.entries())
    positions[segment.layer]!.set(segment.value, position);
  for (let voxel = 0; voxel < out.length; voxel++) {
    let hits = 0;
    for (let layer = 0; layer < layers; layer++) {
      const value = data[voxel * layers + layer]!;
      if (value === 0) continue;
      const position = positions[layer]!.get(value);
      if (position === undefined) continue;
      hits++;
      if (position <= order[voxel]!) continue;
      order[voxel] = position;
      out[voxel] = idOf(segments[position]!, position);
    }
    if (hits > 1) overlaps++;
  }
  return { data: out, names, overlaps };
}
