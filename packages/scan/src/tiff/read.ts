import { breathingPause, inputError, type VoxelArray } from "@viscera/core";
import { checkAffine, sizeOf } from "../image/geometry.js";
import type { ImageFile } from "../image/image.js";
import { allocate, reporter, type VoxelFile } from "../image/read-voxels.js";
import type { FileSource, ReadImageOptions } from "../image/source.js";
import { rescale } from "../image/values.js";
import { BYTES_OF, numbersOf } from "../image/voxel-type.js";
import { type PageLayout, pageLayout, tileBytes } from "./layout.js";
import { imageJFields, refuseHyperstack, tiffAffine } from "./place.js";
import { cutShort, damaged, TAG, TiffBytes, type TiffPage } from "./tags.js";
import { unpackTile } from "./unpack-tile.js";

/** Reads a TIFF of grey pages, classic or BigTIFF; several pages are slices along z. */
export async function readTiff(
  file: VoxelFile,
  _source: FileSource,
  options: ReadImageOptions,
): Promise<ImageFile> {
  const { name } = file;
  if (file.packed) {
    throw inputError("encoding", `${name} is a TIFF within a gzip file.`, "Unpack it first (gunzip).");
  }
  // Pages lie anywhere in the file, so all of it is taken into memory.
  const bytes = allocate(file.available, name);
  const found = await file.reader.readInto(bytes);
  const tiff = new TiffBytes(bytes.subarray(0, found), name);
  const warnings: string[] = [];
  const { first, layouts } = readPages(tiff, warnings);
  const { width, height, type } = layouts[0]!;
  const size = sizeOf([width, height, layouts.length], name);
  const affine = checkAffine(tiffAffine(first, layouts.length, warnings), name);
  const pageBytes = width * height * BYTES_OF[type];
  const voxels = allocate(pageBytes * layouts.length, name);
  const report = reporter(options, name, voxels.length);
  const pause = breathingPause(options.signal);
  for (const [k, layout] of layouts.entries()) {
    await readPage(tiff, layout, voxels.subarray(k * pageBytes, (k + 1) * pageBytes), pause);
    report((k + 1) * pageBytes);
  }
  if (layouts[0]!.whiteIsZero) {
    warnings.push("The file shows small numbers as white; the numbers were taken as they are stored.");
  }
  const data = calibrated(numbersOf(voxels, type), first, warnings);
  return {
    format: "tiff",
    volume: { size, affine, data, modality: null, unit: null },
    colour: null,
    names: [],
    warnings,
  };
}

/** All pages that are slices, checked: same size and type, and no more bytes than the file has. */
function readPages(tiff: TiffBytes, warnings: string[]): { first: TiffPage; layouts: PageLayout[] } {
  const { name, bytes } = tiff;
  let first: TiffPage | null = null;
  let layouts: PageLayout[] = [];
  let passedOver = 0;
  let claimed = 0;
  for (const page of tiff.pages()) {
    // Bit 1: a smaller copy of another page; bit 4: a mask of what is transparent.
    if ((page.number(TAG.subfileType, 0) & 5) !== 0) {
      passedOver++;
      continue;
    }
    if (!first) {
      refuseHyperstack(page, name);
      first = page;
    }
    const layout = pageLayout(page, bytes.length, name);
    const lengths =
      layout.compression === "none" ? layout.offsets.map((_, i) => tileBytes(layout, i)) : layout.byteCounts;
    for (const length of lengths) claimed += length;
    if (claimed > bytes.length) throw cutShort(name, "its pages claim more bytes than it has");
    const other = layouts[0];
    if (other && (other.width !== layout.width || other.height !== layout.height)) {
      throw inputError(
        "size",
        `${name} has pages of different sizes (${other.width}x${other.height} and ${layout.width}x${layout.height}), so they are no slices of one image.`,
        "Save the pages that belong together as a TIFF of their own.",
      );
    }
    if (other && other.type !== layout.type) {
      throw inputError(
        "type",
        `${name} has pages of different number types (${other.type} and ${layout.type}).`,
      );
    }
    layouts.push(layout);
  }
  if (!first) throw damaged(name, "it has no page");
  if (passedOver > 0) {
    warnings.push(
      `${passedOver} ${passedOver === 1 ? "page is a smaller copy or mask" : "pages are smaller copies or masks"} of another by its own words and was not read.`,
    );
  }
  if (layouts.length === 1) layouts = imageJSlices(first, layouts[0]!, tiff);
  return { first, layouts };
}

/** Beyond 4 GB ImageJ writes one directory and lets the numbers of all slices follow each other. */
function imageJSlices(first: TiffPage, layout: PageLayout, { name, bytes }: TiffBytes): PageLayout[] {
  const images = Number(imageJFields(first)?.get("images") ?? 1);
  if (!(images > 1)) return [layout];
  const pageBytes = tileBytes(layout, 0);
  const [start = 0] = layout.offsets;
  if (layout.compression !== "none" || layout.offsets.length > 1) {
    throw damaged(name, `it has 1 page, but ${images} by its description`);
  }
  if (!Number.isInteger(images) || start + images * pageBytes > bytes.length) {
    throw cutShort(name, `it promises ${images} slices by its description`);
  }
  return Array.from({ length: images }, (_, k) => ({ ...layout, offsets: [start + k * pageBytes] }));
}

async function readPage(
  tiff: TiffBytes,
  layout: PageLayout,
  out: Uint8Array<ArrayBuffer>,
  pause: () => Promise<void>,
): Promise<void> {
  const { width, height, tileWidth, tileHeight, tiled, offsets, byteCounts } = layout;
  const rowBytes = width * BYTES_OF[layout.type];
  const tileRowBytes = tileWidth * BYTES_OF[layout.type];
  const across = Math.ceil(width / tileWidth);
  const scratch = tiled ? new Uint8Array(tileBytes(layout, 0)) : null;
  for (const [i, offset] of offsets.entries()) {
    await pause();
    const packed = tiff.bytes.subarray(offset, offset + byteCounts[i]!);
    const where = { name: tiff.name, what: `${tiled ? "tile" : "strip"} ${i + 1} of ${offsets.length}` };
    const firstRow = Math.floor(i / across) * tileHeight;
    if (!scratch) {
      const rows = out.subarray(firstRow * rowBytes, firstRow * rowBytes + tileBytes(layout, i));
      unpackTile(packed, rows, layout, tiff.littleEndian, where);
      continue;
    }
    unpackTile(packed, scratch, layout, tiff.littleEndian, where);
    const left = (i % across) * tileRowBytes;
    const count = Math.min(tileRowBytes, rowBytes - left);
    for (let row = 0; row < Math.min(tileHeight, height - firstRow); row++) {
      const from = row * tileRowBytes;
      out.set(scratch.subarray(from, from + count), (firstRow + row) * rowBytes + left);
    }
  }
  if (layout.bottomUp) turnRows(out, rowBytes);
}

function turnRows(bytes: Uint8Array, rowBytes: number): void {
  for (let top = 0, bottom = bytes.length - rowBytes; top < bottom; top += rowBytes, bottom -= rowBytes) {
    const row = bytes.slice(top, top + rowBytes);
    bytes.copyWithin(top, bottom, bottom + rowBytes);
    bytes.set(row, bottom);
  }
}

/** ImageJ keeps signed 16-bit numbers as unsigned ones and a straight line (function 0: c0 + c1 x) to undo that. */
function calibrated(data: VoxelArray, first: TiffPage, warnings: string[]): VoxelArray {
  const fields = imageJFields(first);
  const kind = fields?.get("cf");
  if (!fields || kind === undefined) return data;
  const [c0, c1] = [Number(fields.get("c0")), Number(fields.get("c1"))];
  if (kind === "0" && Number.isFinite(c0) && Number.isFinite(c1) && c1 !== 0) return rescale(data, c1, c0);
  warnings.push("The file has a calibration curve of ImageJ; the numbers were taken as they are stored.");
  return data;
}
