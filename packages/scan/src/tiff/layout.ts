/** What a TIFF's pages say about their numbers, checked before any is read. */
import { inputError } from "@viscera/core";
import { BYTES_OF, type VoxelType } from "../image/voxel-type.js";
import { cutShort, damaged, TAG, type TiffPage } from "./tags.js";

export type TiffCompression = "none" | "lzw" | "deflate" | "packbits";

/** Most bytes that one packed byte can stand for: a whole LZW table entry in 9 bits, 258 bytes in 2, 128 in 16. */
const LARGEST_RATIO: Readonly<Record<TiffCompression, number>> = {
  none: 1,
  lzw: 4096,
  deflate: 1032,
  packbits: 64,
};

const COMPRESSIONS: Readonly<Record<number, TiffCompression>> = {
  1: "none",
  5: "lzw",
  8: "deflate",
  32946: "deflate",
  32773: "packbits",
};

const OTHER_COMPRESSIONS: Readonly<Record<number, string>> = {
  2: "CCITT Huffman (fax)",
  3: "CCITT Group 3 (fax)",
  4: "CCITT Group 4 (fax)",
  6: "JPEG (old style)",
  7: "JPEG",
  9: "JBIG",
  10: "JBIG",
  32766: "NeXT",
  32771: "CCITT Huffman (fax)",
  32809: "ThunderScan",
  33003: "JPEG 2000",
  33004: "JPEG 2000",
  33005: "JPEG 2000",
  34661: "JBIG",
  34676: "SGI LogLuv",
  34677: "SGI LogLuv",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50000: "Zstandard",
  50001: "WebP",
  50002: "JPEG XL",
  52546: "JPEG XL",
};

/** A page as rectangles of rows, each packed by itself: a strip is a tile as wide as the page. */
export interface PageLayout {
  width: number;
  height: number;
  type: VoxelType;
  compression: TiffCompression;
  /** 1 none, 2 differences along a row, 3 differences of the bytes of floating-point numbers. */
  predictor: number;
  tiled: boolean;
  tileWidth: number;
  tileHeight: number;
  offsets: readonly number[];
  byteCounts: readonly number[];
  /** The first row is the lowest one. */
  bottomUp: boolean;
  whiteIsZero: boolean;
}

/**
 * Checks a page and finds where its numbers lie. Throws `input.colour`, `input.type`, `input.encoding`, `input.size`,
 * `input.corrupt`, and `input.truncated` for a page that claims more than `fileBytes` can hold.
 */
export function pageLayout(page: TiffPage, fileBytes: number, name: string): PageLayout {
  const width = page.number(TAG.width, 0);
  const height = page.number(TAG.height, 0);
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw inputError(
      "size",
      `${name} has no usable size in its header (${width}x${height}).`,
      "The header is damaged: export the image again from where it came from.",
    );
  }
  refuseColour(page, name);
  if (page.number(TAG.imageDepth, 1) > 1) {
    throw inputError("format", `${name} keeps several slices in one TIFF page, which cannot be read.`);
  }
  const compression = compressionOf(page, name);
  const orientation = page.number(TAG.orientation, 1);
  if (orientation !== 1 && orientation !== 4) {
    throw inputError(
      "format",
      `${name} is stored turned or mirrored (TIFF orientation ${orientation}); only rows from left to right can be read.`,
      "Save it again with the first row on top.",
    );
  }
  if (page.number(TAG.fillOrder, 1) !== 1) {
    throw inputError(
      "encoding",
      `${name} stores the bits of its bytes in reverse order, which cannot be read.`,
    );
  }
  const type = typeOf(page, name);
  const layout = {
    width,
    height,
    type,
    compression,
    predictor: predictorOf(page, compression, type, name),
    ...tilesOf(page, { width, height, type, compression }, name),
    bottomUp: orientation === 4,
    whiteIsZero: page.number(TAG.photometric, 1) === 0,
  };
  checkClaim(layout, fileBytes, name);
  return layout;
}

function refuseColour(page: TiffPage, name: string): void {
  const samples = page.number(TAG.samples, 1);
  const hint = "Save it as a grey image, one number a pixel.";
  if (samples !== 1) {
    throw inputError(
      "colour",
      `${name} is a colour TIFF with ${samples} samples a pixel; only grey ones with one sample can be read.`,
      hint,
    );
  }
  const photometric = page.number(TAG.photometric, 1);
  if (photometric === 3) {
    throw inputError(
      "colour",
      `${name} is a TIFF with a colour palette; only grey ones can be read.`,
      "Save it as a grey image; for labels, as their numbers.",
    );
  }
  if (photometric !== 0 && photometric !== 1) {
    throw inputError(
      "colour",
      `${name} is a TIFF of photometric kind ${photometric} with 1 sample a pixel; only grey ones can be read.`,
      hint,
    );
  }
}

function compressionOf(page: TiffPage, name: string): TiffCompression {
  const code = page.number(TAG.compression, 1);
  const compression = COMPRESSIONS[code];
  if (compression) return compression;
  throw inputError(
    "encoding",
    `${name} is a TIFF compressed by ${OTHER_COMPRESSIONS[code] ?? `the unknown method ${code}`}, which cannot be read.`,
    "Save it without compression, or with LZW, deflate or PackBits.",
  );
}

function typeOf(page: TiffPage, name: string): VoxelType {
  const bits = page.number(TAG.bits, 1);
  const format = page.number(TAG.sampleFormat, 1);
  // 4 is "undefined": bytes of unknown meaning, which everybody reads as unsigned.
  const kind = { 1: "uint", 2: "int", 3: "float", 4: "uint" }[format];
  const type = `${kind}${bits}`;
  if (kind && type in BYTES_OF) return type as VoxelType;
  const words = kind === "float" ? "floating-point numbers" : kind ? "integers" : "complex numbers";
  throw inputError(
    "type",
    `${name} stores ${words} of ${bits} ${bits === 1 ? "bit" : "bits"}, which cannot be read.`,
    "Save it with integers of 8, 16 or 32 bits or floating-point numbers of 32 bits.",
  );
}

function predictorOf(page: TiffPage, compression: TiffCompression, type: VoxelType, name: string): number {
  // As in libtiff, the field means something for LZW and deflate only.
  if (compression !== "lzw" && compression !== "deflate") return 1;
  const predictor = page.number(TAG.predictor, 1);
  const float = type.startsWith("float");
  if (predictor === 1 || (predictor === 2 && BYTES_OF[type] <= 4) || (predictor === 3 && float)) {
    return predictor;
  }
  throw inputError(
    "encoding",
    `${name} is a TIFF with predictor ${predictor} on ${type} numbers, which cannot be read.`,
    "Save it without compression or without a predictor.",
  );
}

const MOST_TILE_PIXELS = 2 ** 24;

type Tiles = Pick<PageLayout, "tiled" | "tileWidth" | "tileHeight" | "offsets" | "byteCounts">;

function tilesOf(
  page: TiffPage,
  { width, height, type, compression }: Pick<PageLayout, "width" | "height" | "type" | "compression">,
  name: string,
): Tiles {
  const tiled = page.numbers(TAG.tileOffsets) !== null;
  const tileWidth = tiled ? page.number(TAG.tileWidth, 0) : width;
  const tileHeight = tiled
    ? page.number(TAG.tileHeight, 0)
    : Math.min(height, page.number(TAG.rowsPerStrip, height));
  const offsets = page.numbers(tiled ? TAG.tileOffsets : TAG.stripOffsets) ?? [];
  const usable = (side: number) => Number.isInteger(side) && side >= 1;
  // A tile may be larger than its page, and is unpacked whole.
  if (!usable(tileWidth) || !usable(tileHeight) || (tiled && tileWidth * tileHeight > MOST_TILE_PIXELS)) {
    throw damaged(name, `its ${tiled ? "tiles" : "strips"} have no usable size (${tileWidth}x${tileHeight})`);
  }
  const count = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight);
  let byteCounts = page.numbers(tiled ? TAG.tileByteCounts : TAG.stripByteCounts);
  if (!byteCounts && count === 1 && compression === "none") {
    byteCounts = [tileWidth * tileHeight * BYTES_OF[type]];
  }
  if (offsets.length !== count || byteCounts?.length !== count) {
    throw damaged(
      name,
      `it needs ${count} ${tiled ? "tiles" : "strips"} but lists ${offsets.length} places and ${byteCounts?.length ?? 0} lengths`,
    );
  }
  return { tiled, tileWidth, tileHeight, offsets, byteCounts };
}

/** Bytes of a tile's numbers; the last strip has only the rows that are left. */
export function tileBytes(layout: PageLayout, index: number): number {
  const across = Math.ceil(layout.width / layout.tileWidth);
  const firstRow = Math.floor(index / across) * layout.tileHeight;
  const rows = layout.tiled ? layout.tileHeight : Math.min(layout.tileHeight, layout.height - firstRow);
  return rows * layout.tileWidth * BYTES_OF[layout.type];
}

function checkClaim(layout: PageLayout, fileBytes: number, name: string): void {
  const { offsets, byteCounts, compression, tiled } = layout;
  for (const [i, offset] of offsets.entries()) {
    const needed = tileBytes(layout, i);
    const there = byteCounts[i]!;
    const what = `${tiled ? "tile" : "strip"} ${i + 1} of ${offsets.length}`;
    if (offset === 0 || there === 0) throw damaged(name, `${what} is missing`);
    if (!(offset + (compression === "none" ? needed : there) <= fileBytes)) {
      throw cutShort(name, `${what} lies behind the file's end`);
    }
    if (needed > there * LARGEST_RATIO[compression]) {
      throw cutShort(name, `${what} holds ${there} bytes, which cannot be its ${needed} bytes of numbers`);
    }
  }
}
