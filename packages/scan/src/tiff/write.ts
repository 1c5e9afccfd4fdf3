import { inputError, type LabelMap, spacingOf, type Volume } from "@viscera/core";
import { zlibSync } from "fflate";
import { reorient } from "../grid/reorient.js";
import type { ColourImage } from "../image/image.js";
import { bytesOf, voxelTypeOf } from "../image/voxel-type.js";
import { TAG } from "./tags.js";

const [SHORT, LONG, RATIONAL, ASCII] = [3, 4, 5, 2] as const;
const WIDTHS: Readonly<Record<number, number>> = { [ASCII]: 1, [SHORT]: 2, [LONG]: 4, [RATIONAL]: 4 };
const SAMPLE_FORMATS: Readonly<Record<string, number>> = { u: 1, i: 2, f: 3 };
const DEFLATE = 8;
const LARGEST_LONG = 2 ** 32 - 1;

/** A field of a directory: tag, type, and its numbers (two for each rational). */
type Field = readonly [tag: number, type: number, values: readonly number[]];

/**
 * A little-endian TIFF, one page of one strip a slice; label maps are packed by deflate, volumes are not. Pixel sizes
 * are in cm, the distance of slices in ImageJ's description. The axes are put into the order and direction that
 * readers take for a TIFF's (x to the patient's left, y to the back, z to the head); oblique angles and the origin have
 * no place in it and are lost. Throws `input.colour`, and `input.size` above 4 GB.
 */
export function encodeTiff(name: string, given: Volume | LabelMap | ColourImage): Uint8Array[] {
  if ("channels" in given) {
    throw inputError(
      "colour",
      `${name} cannot be written: a TIFF is written with one number a voxel, but the image has ${given.channels} colour channels.`,
      "End the name in .nii.gz, .nrrd or .mha.",
    );
  }
  const image = reorient<Volume | LabelMap>(given, "LPS");
  const [width, height, slices] = image.size;
  const voxels = bytesOf(image.data);
  const pageBytes = voxels.length / slices;
  checkTiffSize(name, voxels.length, slices);
  const packed = "labels" in image;
  const strips = Array.from({ length: slices }, (_, k) => {
    const strip = voxels.subarray(k * pageBytes, (k + 1) * pageBytes);
    return packed ? zlibSync(strip) : strip;
  });
  const type = voxelTypeOf(image.data);
  const [x, y, z] = spacingOf(image.affine);
  const common: Field[] = [
    [TAG.width, LONG, [width]],
    [TAG.height, LONG, [height]],
    [TAG.bits, SHORT, [8 * image.data.BYTES_PER_ELEMENT]],
    [TAG.compression, SHORT, [packed ? DEFLATE : 1]],
    [TAG.photometric, SHORT, [1]],
    [TAG.samples, SHORT, [1]],
    [TAG.rowsPerStrip, LONG, [height]],
    [TAG.xResolution, RATIONAL, fraction(10 / x)],
    [TAG.yResolution, RATIONAL, fraction(10 / y)],
    [TAG.resolutionUnit, SHORT, [3]],
    [TAG.sampleFormat, SHORT, [SAMPLE_FORMATS[type[0]!]!]],
    // Page of a document; 0, an image of its own, where there is only one.
    [TAG.subfileType, LONG, [slices > 1 ? 2 : 0]],
  ];
  const description: Field = [TAG.description, ASCII, [...new TextEncoder().encode(describe(slices, z)), 0]];
  let at = 8;
  const places = strips.map((strip) => {
    const place = at;
    at += strip.length;
    return place;
  });
  const padding = at % 2;
  at += padding;
  const header = new Uint8Array(8);
  const view = new DataView(header.buffer);
  header.set([0x49, 0x49, 42, 0]);
  view.setUint32(4, at, true);
  const directories = strips.map((strip, k) => {
    const fields: Field[] = [
      ...common,
      ...(k === 0 ? [description] : []),
      [TAG.stripOffsets, LONG, [places[k]!]],
      [TAG.stripByteCounts, LONG, [strip.length]],
    ];
    const bytes = directory(fields, at, k === slices - 1);
    at += bytes.length;
    return bytes;
  });
  return [header, ...(packed ? strips : [voxels]), new Uint8Array(padding), ...directories];
}

/** Throws `input.size` for what a classic TIFF's 32-bit places cannot reach. */
export function checkTiffSize(name: string, voxelBytes: number, slices: number): void {
  // A directory takes less than 400 bytes.
  if (voxelBytes + 400 * slices <= LARGEST_LONG) return;
  throw inputError(
    "size",
    `${name} cannot be written: a TIFF holds 4 GB at most, and the image is larger.`,
    "End the name in .nii.gz, .nrrd or .mha, or crop or resample the image first.",
  );
}

/** ImageJ's description, in the unit of the resolution fields. */
function describe(slices: number, spacingMm: number): string {
  const stack = slices > 1 ? `images=${slices}\nslices=${slices}\n` : "";
  return `ImageJ=1.54f\n${stack}unit=cm\nspacing=${spacingMm / 10}\nloop=false\n`;
}

/** A directory that lies at `at`, its long values behind it and the next directory behind those. */
function directory(fields: readonly Field[], at: number, last: boolean): Uint8Array {
  const sorted = [...fields].sort(([a], [b]) => a - b);
  const head = 2 + 12 * sorted.length + 4;
  const lengths = sorted.map(([, type, values]) => WIDTHS[type]! * values.length);
  const outside = lengths
    .filter((length) => length > 4)
    .reduce((sum, length) => sum + length + (length % 2), 0);
  const bytes = new Uint8Array(head + outside);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, sorted.length, true);
  let free = head;
  for (const [i, [tag, type, values]] of sorted.entries()) {
    const entry = 2 + 12 * i;
    view.setUint16(entry, tag, true);
    view.setUint16(entry + 2, type, true);
    view.setUint32(entry + 4, type === RATIONAL ? values.length / 2 : values.length, true);
    let target = entry + 8;
    const length = lengths[i]!;
    if (length > 4) {
      view.setUint32(target, at + free, true);
      target = free;
      free += length + (length % 2);
    }
    for (const [v, value] of values.entries()) {
      if (type === ASCII) view.setUint8(target + v, value);
      else if (type === SHORT) view.setUint16(target + 2 * v, value, true);
      else view.setUint32(target + 4 * v, value, true);
    }
  }
  view.setUint32(head - 4, last ? 0 : at + bytes.length, true);
  return bytes;
}

/** The nearest fraction of two 32-bit numbers, by continued fractions: 10 / 0.7 gives 100 / 7. */
export function fraction(value: number): [number, number] {
  let [n0, d0, n1, d1] = [0, 1, 1, 0];
  let rest = value;
  for (let step = 0; step < 40; step++) {
    const whole = Math.floor(rest);
    const [n, d] = [whole * n1 + n0, whole * d1 + d0];
    if (n > LARGEST_LONG || d > LARGEST_LONG) break;
    [n0, d0, n1, d1] = [n1, d1, n, d];
    if (Math.abs(n / d - value) <= 1e-15 * value || rest === whole) break;
    rest = 1 / (rest - whole);
  }
  return n1 > 0 && d1 > 0 ? [n1, d1] : value > 1 ? [LARGEST_LONG, 1] : [1, LARGEST_LONG];
}

const TOLERANCE = 1e-4;

/** Whether a TIFF keeps where an image lies; if not, what is lost, in a sentence. */
export function tiffLoss({ affine }: { affine: readonly number[] }): string | null {
  const rows = [0, 1, 2].map((row) => affine.slice(4 * row, 4 * row + 3));
  const oblique = rows.some(
    (row) => row.filter((v) => Math.abs(v) > TOLERANCE * Math.hypot(...row)).length > 1,
  );
  const moved = [3, 7, 11].some((at) => Math.abs(affine[at]!) > TOLERANCE);
  if (!oblique && !moved) return null;
  const lost = oblique ? "its oblique angle and its place in the world" : "its place in the world";
  return `A TIFF holds no world coordinates: the file keeps the image's voxels and spacing, but not ${lost}.`;
}
