/**
 * Headers of NIfTI-1 (https://nifti.nimh.nih.gov/nifti-1) and NIfTI-2 (nifti2.h): two layouts of the same
 * fields. Parsed here because nifti-reader-js 0.8.0, which the tests compare with, lets a qform of a higher
 * code replace the sform (in NIfTI-1 only), gives NaN for a quaternion that rounding has made longer than 1,
 * and wants the whole file in memory.
 */
import { type Affine, inputError, isSingular, spacingOf } from "@viscera/core";
import type { VoxelType } from "../image/voxel-type.js";

export interface NiftiHeader {
  version: 1 | 2;
  littleEndian: boolean;
  /** Voxels in this file after the header (".nii") or in a file of their own (".hdr" and ".img"). */
  single: boolean;
  /** Sizes of the axes that the file has, 1 to 7 of them. */
  dimensions: number[];
  datatype: number;
  voxelOffset: number;
  slope: number;
  intercept: number;
  affine: Affine;
  warnings: string[];
}

export const HEADER_BYTES = { 1: 348, 2: 540 } as const;

/** NIfTI data type codes of scalar images. */
export const DATATYPES: Readonly<Record<number, VoxelType>> = {
  2: "uint8",
  4: "int16",
  8: "int32",
  16: "float32",
  64: "float64",
  256: "int8",
  512: "uint16",
  768: "uint32",
  1024: "int64",
  1280: "uint64",
};
/** Data type codes of colour images -> channels of 8 bits. */
export const COLOUR_DATATYPES: Readonly<Record<number, number>> = { 128: 3, 2304: 4 };

const OTHER_DATATYPES: Readonly<Record<number, string>> = {
  1: "single bits",
  32: "complex numbers",
  1536: "128-bit numbers",
  1792: "complex numbers",
  2048: "complex numbers",
};

/** Byte positions of the fields in both layouts. */
const POSITIONS = {
  1: {
    magic: 344,
    datatype: 70,
    dim: 40,
    pixdim: 76,
    voxelOffset: 108,
    slope: 112,
    intercept: 116,
    qformCode: 252,
    sformCode: 254,
    quaternion: 256,
    srow: 280,
    units: 123,
  },
  2: {
    magic: 4,
    datatype: 12,
    dim: 16,
    pixdim: 104,
    voxelOffset: 168,
    slope: 176,
    intercept: 184,
    qformCode: 344,
    sformCode: 348,
    quaternion: 352,
    srow: 400,
    units: 500,
  },
} as const;

/** Version and byte order from the first four bytes (the header's own length), or null for another format. */
export function niftiVersion(start: Uint8Array): { version: 1 | 2; littleEndian: boolean } | null {
  if (start.length < 4) return null;
  const view = new DataView(start.buffer, start.byteOffset, start.length);
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      if (view.getInt32(0, littleEndian) === HEADER_BYTES[version]) return { version, littleEndian };
    }
  }
  return null;
}

/** Parses the 348 or 540 bytes of a header. Throws `input.truncated`, `input.format`, `input.size`. */
export function parseNiftiHeader(bytes: Uint8Array, name: string): NiftiHeader {
  const kind = niftiVersion(bytes);
  if (!kind) throw inputError("format", `${name} is not a NIfTI file.`);
  const { version, littleEndian } = kind;
  if (bytes.length < HEADER_BYTES[version]) {
    throw inputError(
      "truncated",
      `${name} ends within its NIfTI header.`,
      "Copy or download the file again.",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = POSITIONS[version];
  const real = (position: number, index = 0) =>
    version === 1
      ? view.getFloat32(position + 4 * index, littleEndian)
      : view.getFloat64(position + 8 * index, littleEndian);
  const long = (position: number, index = 0) =>
    version === 1
      ? view.getInt16(position + 2 * index, littleEndian)
      : Number(view.getBigInt64(position + 8 * index, littleEndian));
  const code = (position: number) =>
    version === 1 ? view.getInt16(position, littleEndian) : view.getInt32(position, littleEndian);

  const magic = String.fromCharCode(...bytes.subarray(at.magic, at.magic + 3));
  if (magic !== `n+${version}` && magic !== `ni${version}`) {
    throw inputError(
      "format",
      `${name} looks like an Analyze 7.5 header: it lacks the NIfTI mark, so it does not say which side is left.`,
      "Convert it to NIfTI with a tool that knows its orientation.",
    );
  }
  const rank = long(at.dim);
  if (rank < 1 || rank > 7) {
    throw inputError(
      "size",
      `${name} claims ${rank} dimensions; NIfTI knows 1 to 7.`,
      "The header is damaged: export the image again from where it came from.",
    );
  }
  const warnings: string[] = [];
  const voxelOffset = version === 1 ? real(at.voxelOffset) : long(at.voxelOffset);
  const pixdim = Array.from({ length: 4 }, (_, i) => real(at.pixdim, i));
  const affine = placement(
    {
      sformCode: code(at.sformCode),
      qformCode: code(at.qformCode),
      rows: Array.from({ length: 12 }, (_, i) => real(at.srow, i)),
      quaternion: Array.from({ length: 6 }, (_, i) => real(at.quaternion, i)),
      pixdim,
      rank,
    },
    warnings,
  );
  const spatialUnit = (version === 1 ? bytes[at.units]! : view.getInt32(at.units, littleEndian)) & 7;
  return {
    version,
    littleEndian,
    single: magic.startsWith("n+"),
    dimensions: Array.from({ length: rank }, (_, i) => long(at.dim, i + 1)),
    datatype: view.getInt16(at.datatype, littleEndian),
    voxelOffset: Number.isFinite(voxelOffset) ? Math.trunc(voxelOffset) : 0,
    slope: real(at.slope),
    intercept: real(at.intercept),
    affine: inMillimetres(affine, spatialUnit, warnings),
    warnings,
  };
}

/** What a data type that cannot be read is called. */
export function describeDatatype(datatype: number): string {
  return OTHER_DATATYPES[datatype] ?? `data type ${datatype}, which NIfTI does not define`;
}

interface Placement {
  sformCode: number;
  qformCode: number;
  rows: number[];
  quaternion: number[];
  pixdim: number[];
  /** Axes that the image has; the spacing of the others means nothing. */
  rank: number;
}

/**
 * The standard's order: sform where its code is set, else qform, else spacing alone (its "method 1": axes as
 * they come, voxel (0,0,0) at the world's origin).
 */
function placement(given: Placement, warnings: string[]): Affine {
  const sform: Affine = [...given.rows, 0, 0, 0, 1];
  const qform = quaternionAffine(given);
  if (given.sformCode > 0 && !isSingular(sform)) return sform;
  if (given.qformCode > 0 && !isSingular(qform)) {
    if (given.sformCode > 0) {
      warnings.push(`The file has an unusable sform matrix; its qform was taken instead.`);
    }
    return qform;
  }
  if (given.sformCode > 0) return sform;
  if (given.qformCode > 0) return qform;
  warnings.push(
    `The file has no orientation (sform and qform codes are 0): its axes were taken as right, anterior, superior, so left and right may be swapped.`,
  );
  const [x, y, z] = [1, 2, 3].map((axis) => (axis > given.rank ? 1 : Math.abs(given.pixdim[axis]!)));
  return [x!, 0, 0, 0, 0, y!, 0, 0, 0, 0, z!, 0, 0, 0, 0, 1];
}

/** NIfTI-1 "method 2": unit quaternion (a from b, c, d), spacing, the sign of the third axis in pixdim[0]. */
function quaternionAffine({ quaternion, pixdim }: Placement): Affine {
  let [b, c, d] = quaternion as [number, number, number];
  const square = b * b + c * c + d * d;
  let a = 0;
  if (square > 1 - 1e-7) {
    const scale = 1 / Math.sqrt(square);
    b *= scale;
    c *= scale;
    d *= scale;
  } else a = Math.sqrt(1 - square);
  const [x, y, z] = [1, 2, 3].map((i) => Math.abs(pixdim[i]!) || 1) as [number, number, number];
  const k = pixdim[0]! < 0 ? -z : z;
  const [ox, oy, oz] = quaternion.slice(3);
  return [
    (a * a + b * b - c * c - d * d) * x,
    2 * (b * c - a * d) * y,
    2 * (b * d + a * c) * k,
    ox!,
    2 * (b * c + a * d) * x,
    (a * a + c * c - b * b - d * d) * y,
    2 * (c * d - a * b) * k,
    oy!,
    2 * (b * d - a * c) * x,
    2 * (c * d + a * b) * y,
    (a * a + d * d - c * c - b * b) * k,
    oz!,
    0,
    0,
    0,
    1,
  ];
}

/** xyzt_units: 1 metres, 2 millimetres, 3 micrometres; unknown counts as millimetres. */
function inMillimetres(affine: Affine, unit: number, warnings: string[]): Affine {
  const factor = { 1: 1000, 3: 0.001 }[unit];
  if (factor === undefined) return affine;
  const converted = affine.map((value, i) => (i < 12 ? value * factor : value));
  const spacing = spacingOf(converted).map((s) => Number(s.toPrecision(4)));
  warnings.push(
    `The file gives lengths in ${unit === 1 ? "metres" : "micrometres"}; its spacing is ${spacing.join(" x ")} mm.`,
  );
  return converted;
}
