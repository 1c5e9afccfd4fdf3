/** MetaImage headers: https://itk.org/Wiki/ITK/MetaIO/Documentation */
import { type Affine, inputError } from "@viscera/core";
import type { ByteReader } from "../image/byte-reader.js";
import { affineFromDirections } from "../image/geometry.js";
import { headerLine } from "../image/read-voxels.js";
import type { VoxelType } from "../image/voxel-type.js";

/** MetaIO keeps MET_LONG at 4 bytes on every machine; MET_LONG_LONG has 8. */
const TYPES: Readonly<Record<string, VoxelType>> = {
  MET_CHAR: "int8",
  MET_ASCII_CHAR: "int8",
  MET_UCHAR: "uint8",
  MET_SHORT: "int16",
  MET_USHORT: "uint16",
  MET_INT: "int32",
  MET_UINT: "uint32",
  MET_LONG: "int32",
  MET_ULONG: "uint32",
  MET_LONG_LONG: "int64",
  MET_ULONG_LONG: "uint64",
  MET_FLOAT: "float32",
  MET_DOUBLE: "float64",
};

/** Keys in lower case -> values. */
export type MetaHeader = Map<string, string>;

/** Parses the lines up to and with ElementDataFile, which is the last one. */
export async function parseMetaHeader(reader: ByteReader, name: string): Promise<MetaHeader> {
  const header: MetaHeader = new Map();
  for (;;) {
    const line = await headerLine(reader, name);
    if (line === null) {
      throw inputError(
        "truncated",
        `${name} ends within its header: there is no ElementDataFile line.`,
        "Copy or download the file again.",
      );
    }
    if (line.trim() === "") continue;
    const split = line.indexOf("=");
    if (split < 0) {
      throw inputError("corrupt", `${name} has a header line that says nothing: "${line.slice(0, 60)}".`);
    }
    const key = line.slice(0, split).trim().toLowerCase();
    header.set(key, line.slice(split + 1).trim());
    if (key === "elementdatafile") return header;
  }
}

export function metaType(header: MetaHeader, name: string): VoxelType {
  const given = header.get("elementtype") ?? "";
  const type = TYPES[given];
  if (!type) {
    throw inputError(
      "type",
      `${name} stores voxels of type "${given}"; only integers and floating-point numbers can be read.`,
    );
  }
  return type;
}

export function metaNumbers(header: MetaHeader, ...keys: string[]): number[] | null {
  const key = keys.find((k) => header.has(k));
  if (!key) return null;
  return header
    .get(key)!
    .split(/\s+/)
    .filter((token) => token !== "")
    .map(Number);
}

export function metaFlag(header: MetaHeader, ...keys: string[]): boolean {
  const key = keys.find((k) => header.has(k));
  return /^(true|t|1|yes)$/i.test(key ? header.get(key)! : "");
}

/** Affine from TransformMatrix (one direction after the other), ElementSpacing and Offset, all in LPS. */
export function metaAffine(header: MetaHeader, rank: number, name: string): Affine {
  const matrix =
    metaNumbers(header, "transformmatrix", "rotation", "orientation") ??
    Array.from({ length: rank * rank }, (_, i) => (i % (rank + 1) === 0 ? 1 : 0));
  const spacing = metaNumbers(header, "elementspacing", "elementsize") ?? new Array<number>(rank).fill(1);
  const origin = metaNumbers(header, "offset", "position", "origin") ?? new Array<number>(rank).fill(0);
  if (matrix.length !== rank * rank || spacing.length < rank || origin.length < rank) {
    throw inputError(
      "affine",
      `${name} has an orientation, spacing or offset that does not fit its ${rank} dimensions.`,
      "Repair the header, for example by copying the orientation from the image it belongs to.",
    );
  }
  const directions = Array.from({ length: Math.min(rank, 3) }, (_, axis) =>
    [0, 1, 2].map((row) => (row < rank ? matrix[axis * rank + row]! * Math.abs(spacing[axis]!) : 0)),
  );
  return affineFromDirections(directions, origin, { signs: [-1, -1, 1] });
}
