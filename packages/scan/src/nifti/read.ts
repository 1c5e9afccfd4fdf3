import { inputError, type VoxelArray } from "@viscera/core";
import { checkAffine, sizeOf } from "../image/geometry.js";
import type { ColourData, ImageFile, RawLabel } from "../image/image.js";
import { openFile, readVoxels, type VoxelFile } from "../image/read-voxels.js";
import type { FileSource, ReadImageOptions } from "../image/source.js";
import { luminance, rescale } from "../image/values.js";
import { parseCaretLabels } from "../labels/caret.js";
import {
  COLOUR_DATATYPES,
  DATATYPES,
  describeDatatype,
  HEADER_BYTES,
  type NiftiHeader,
  niftiVersion,
  parseNiftiHeader,
} from "./header.js";

/** Extensions longer than this are skipped: label tables are small. */
const LONGEST_EXTENSION = 1 << 24;

/**
 * Reads NIfTI-1 and -2, `file` being the header's file at its start. Slopes are applied, lengths are in mm.
 */
export async function readNifti(
  file: VoxelFile,
  source: FileSource,
  options: ReadImageOptions,
): Promise<ImageFile> {
  const { reader, name } = file;
  const start = niftiVersion(await reader.peek(4));
  const header = parseNiftiHeader(await reader.take(HEADER_BYTES[start?.version ?? 1]), name);
  const { warnings } = header;
  const size = sizeOf(header.dimensions, name);
  const affine = checkAffine(header.affine, name);
  const count = size[0] * size[1] * size[2];
  const channels = COLOUR_DATATYPES[header.datatype] ?? null;
  const type = channels ? "uint8" : DATATYPES[header.datatype];
  if (!type) {
    throw inputError(
      "type",
      `${name} stores ${describeDatatype(header.datatype)}; only integers and floating-point numbers can be read.`,
      "Convert it to float32 or int16 first.",
    );
  }
  const names = await readExtensions(file, header, warnings);
  const voxels = header.single ? file : await openVoxels(source, options, warnings);
  if (!header.single) await reader.close();
  const skipBytes = Math.max(0, header.voxelOffset - voxels.reader.position);
  let data: VoxelArray;
  try {
    data = await readVoxels(
      voxels,
      {
        type,
        littleEndian: header.littleEndian,
        count: count * (channels ?? 1),
        encoding: "raw",
        skipBytes,
      },
      options,
      warnings,
    );
  } finally {
    await voxels.reader.close();
  }
  const colour: ColourData | null = channels ? { channels, data: data as Uint8Array } : null;
  if (colour) data = luminance(colour.data, colour.channels);
  else if (Number.isFinite(header.slope) && header.slope !== 0) {
    data = rescale(data, header.slope, Number.isFinite(header.intercept) ? header.intercept : 0);
  }
  return {
    format: "nifti",
    volume: { size, affine, data, modality: null, unit: null },
    colour,
    names,
    warnings,
  };
}

/** The .img beside a .hdr, packed or not. */
async function openVoxels(
  source: FileSource,
  options: ReadImageOptions,
  warnings: string[],
): Promise<VoxelFile> {
  const stem = source.name.replace(/\.gz$/i, "").replace(/\.[^.]*$/, "");
  for (const extension of [".img", ".img.gz", ".IMG"]) {
    const image = await source.sibling(stem + extension);
    if (!image) continue;
    return openFile(image, options, warnings);
  }
  throw inputError(
    "not-found",
    `The voxels of ${source.name} are missing: there is no ${stem}.img beside it.`,
    "Put the .img file into the same folder.",
  );
}

/** Label names in the extensions between header and voxels; a damaged extension is left with a warning. */
async function readExtensions(file: VoxelFile, header: NiftiHeader, warnings: string[]): Promise<RawLabel[]> {
  const { reader } = file;
  const names: RawLabel[] = [];
  const flag = await reader.take(4);
  if (!flag[0]) return names;
  const end = header.single ? header.voxelOffset : Number.POSITIVE_INFINITY;
  while (reader.position + 16 <= end) {
    const start = await reader.take(8);
    if (start.length < 8) break;
    const view = new DataView(start.buffer, start.byteOffset);
    const length = view.getInt32(0, header.littleEndian);
    if (length < 8 || reader.position - 8 + length > end) {
      if (length !== 0) warnings.push("The file has a damaged header extension, which was left out.");
      break;
    }
    if (length > LONGEST_EXTENSION) {
      await reader.skip(length - 8);
      continue;
    }
    // Whatever the code: TotalSegmentator writes Caret's table under code 0.
    names.push(...parseCaretLabels(new TextDecoder().decode(await reader.take(length - 8))));
  }
  return names;
}
