import { type Affine, determinant, inputError, type LabelMap, spacingOf, type Volume } from "@viscera/core";
import type { ColourImage } from "../image/image.js";
import { bytesOf, voxelTypeOf } from "../image/voxel-type.js";
import { caretXml, LABEL_TABLE_EXTENSION } from "../labels/caret.js";
import { COLOUR_DATATYPES, DATATYPES, HEADER_BYTES } from "./header.js";

const INTENT_LABEL = 1002;
const MILLIMETRES_SECONDS = 2 | 8;
const SCANNER_ANATOMICAL = 1;

/**
 * NIfTI-1, little endian: header, label table and voxels. sform always; qform with the same content where the
 * axes are orthogonal. Throws `input.size` where an axis is longer than NIfTI-1 can say (32767).
 */
export function encodeNifti(image: Volume | LabelMap | ColourImage, labelNames: boolean): Uint8Array[] {
  if (image.size.some((n) => n > 32767)) {
    throw inputError(
      "size",
      `An image of ${image.size.join("x")} voxels does not fit a NIfTI-1 file (32767 along an axis at most).`,
      "Write it as .nrrd or .mha.",
    );
  }
  const labels = "labels" in image ? image.labels : null;
  const extension = labelNames && labels && labels.length > 0 ? encodeExtension(caretXml(labels)) : null;
  const header = new Uint8Array(HEADER_BYTES[1] + 4);
  const view = new DataView(header.buffer);
  const channels = "channels" in image ? image.channels : 1;
  const datatype =
    channels > 1 ? codeOf(COLOUR_DATATYPES, channels) : codeOf(DATATYPES, voxelTypeOf(image.data));
  const spacing = spacingOf(image.affine);
  const quaternion = quaternionOf(image.affine);

  view.setInt32(0, HEADER_BYTES[1], true);
  header[38] = "r".charCodeAt(0);
  [3, ...image.size, 1, 1, 1, 1].forEach((n, i) => view.setInt16(40 + 2 * i, n, true));
  view.setInt16(68, labels ? INTENT_LABEL : 0, true);
  view.setInt16(70, datatype, true);
  view.setInt16(72, 8 * channels * image.data.BYTES_PER_ELEMENT, true);
  const handedness = determinant(image.affine) < 0 ? -1 : 1;
  [handedness, ...spacing, 1, 1, 1, 1].forEach((v, i) => view.setFloat32(76 + 4 * i, v, true));
  view.setFloat32(108, header.length + (extension?.length ?? 0), true);
  // A slope of 0 means none; scans get the neutral one, which every reader takes alike.
  view.setFloat32(112, labels ? 0 : 1, true);
  header[123] = MILLIMETRES_SECONDS;
  header.set(new TextEncoder().encode("Viscera"), 148);
  view.setInt16(252, quaternion ? SCANNER_ANATOMICAL : 0, true);
  view.setInt16(254, SCANNER_ANATOMICAL, true);
  const [, , , x, , , , y, , , , z] = image.affine;
  [...(quaternion ?? [0, 0, 0]), x!, y!, z!].forEach((v, i) => view.setFloat32(256 + 4 * i, v, true));
  image.affine.slice(0, 12).forEach((v, i) => view.setFloat32(280 + 4 * i, v, true));
  header.set(new TextEncoder().encode("n+1"), 344);
  if (extension) header[348] = 1;
  return [header, ...(extension ? [extension] : []), bytesOf(image.data)];
}

function codeOf<T>(table: Readonly<Record<number, T>>, value: T): number {
  return Number(Object.keys(table).find((code) => table[Number(code)] === value));
}

/** An extension of a multiple of 16 bytes, padded with NUL. */
function encodeExtension(text: string): Uint8Array {
  const content = new TextEncoder().encode(text);
  const bytes = new Uint8Array(Math.ceil((content.length + 8) / 16) * 16);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, bytes.length, true);
  view.setInt32(4, LABEL_TABLE_EXTENSION, true);
  bytes.set(content, 8);
  return bytes;
}

/**
 * b, c, d of the unit quaternion (a >= 0) of the affine's rotation, its third axis flipped where the affine
 * is left-handed; null where the axes are not orthogonal.
 */
function quaternionOf(affine: Affine): [number, number, number] | null {
  const spacing = spacingOf(affine);
  const flip = determinant(affine) < 0 ? -1 : 1;
  const r = [0, 1, 2].map((row) =>
    [0, 1, 2].map((column) => ((column === 2 ? flip : 1) * affine[4 * row + column]!) / spacing[column]!),
  );
  const dot = (p: number, q: number) => r.reduce((sum, row) => sum + row[p]! * row[q]!, 0);
  if (Math.max(Math.abs(dot(0, 1)), Math.abs(dot(0, 2)), Math.abs(dot(1, 2))) > 1e-6) return null;
  const [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = r as [number, number, number][] as [
    [number, number, number],
    [number, number, number],
    [number, number, number],
  ];
  // The largest of the four squared components is the safe divisor.
  const squares = [1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz];
  const largest = squares.indexOf(Math.max(...squares));
  const s = 2 * Math.sqrt(squares[largest]!);
  const [a, b, c, d] = [
    [s / 4, (zy - yz) / s, (xz - zx) / s, (yx - xy) / s],
    [(zy - yz) / s, s / 4, (xy + yx) / s, (xz + zx) / s],
    [(xz - zx) / s, (xy + yx) / s, s / 4, (yz + zy) / s],
    [(yx - xy) / s, (xz + zx) / s, (yz + zy) / s, s / 4],
  ][largest]! as [number, number, number, number];
  return a < 0 ? [-b, -c, -d] : [b, c, d];
}
