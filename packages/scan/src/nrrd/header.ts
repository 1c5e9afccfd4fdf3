/** NRRD headers: https://teem.sourceforge.net/nrrd/format.html */
import { type Affine, inputError } from "@viscera/core";
import type { ByteReader } from "../image/byte-reader.js";
import { affineFromDirections } from "../image/geometry.js";
import { headerLine } from "../image/read-voxels.js";
import type { VoxelType } from "../image/voxel-type.js";

export interface NrrdHeader {
  fields: Map<string, string>;
  /** `key:=value` pairs. */
  pairs: Map<string, string>;
}

const SYNONYMS: Readonly<Record<VoxelType, string>> = {
  int8: "signed char|int8|int8_t",
  uint8: "uchar|unsigned char|uint8|uint8_t",
  int16: "short|short int|signed short|signed short int|int16|int16_t",
  uint16: "ushort|unsigned short|unsigned short int|uint16|uint16_t",
  int32: "int|signed int|int32|int32_t",
  uint32: "uint|unsigned int|uint32|uint32_t",
  int64: "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
  uint64: "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t",
  float32: "float",
  float64: "double",
};
const TYPES = new Map(
  Object.entries(SYNONYMS).flatMap(([type, names]) =>
    names.split("|").map((name) => [name, type as VoxelType]),
  ),
);

const ENCODINGS: Readonly<Record<string, "raw" | "ascii" | "hex" | "gzip">> = {
  raw: "raw",
  txt: "ascii",
  text: "ascii",
  ascii: "ascii",
  hex: "hex",
  gz: "gzip",
  gzip: "gzip",
};

/** Signs that take a space's axes to right, anterior, superior. */
const SPACES: Readonly<Record<string, readonly [number, number, number]>> = {
  "right-anterior-superior": [1, 1, 1],
  ras: [1, 1, 1],
  "left-anterior-superior": [-1, 1, 1],
  las: [-1, 1, 1],
  "left-posterior-superior": [-1, -1, 1],
  lps: [-1, -1, 1],
};
/** ITK's frame, which it assumes where a NRRD names no anatomical space. */
const LPS = [-1, -1, 1] as const;

/** Parses the lines up to the empty one (or the file's end). Field names are lower case in the result. */
export async function parseNrrdHeader(reader: ByteReader, name: string): Promise<NrrdHeader> {
  const magic = await headerLine(reader, name);
  if (!magic || !/^NRRD\d{4}/.test(magic)) throw inputError("format", `${name} is not a NRRD file.`);
  const fields = new Map<string, string>();
  const pairs = new Map<string, string>();
  for (;;) {
    const line = await headerLine(reader, name);
    if (line === null || line === "") return { fields, pairs };
    if (line.startsWith("#")) continue;
    const split = /^([^:]+?)(:=|:)\s*(.*)$/.exec(line);
    if (!split) {
      throw inputError("corrupt", `${name} has a header line that says nothing: "${line.slice(0, 60)}".`);
    }
    const [, key, sign, value] = split;
    if (sign === ":=") pairs.set(key!, unescapeValue(value!));
    else fields.set(key!.trim().toLowerCase(), value!.trim());
  }
}

function unescapeValue(value: string): string {
  return value.replace(/\\(n|\\)/g, (_, c) => (c === "n" ? "\n" : "\\"));
}

export function nrrdType(header: NrrdHeader, name: string): VoxelType {
  const given = header.fields.get("type")?.toLowerCase().replace(/\s+/g, " ") ?? "";
  const type = TYPES.get(given);
  if (!type) {
    throw inputError(
      "type",
      `${name} stores voxels of type "${given}"; only integers and floating-point numbers can be read.`,
    );
  }
  return type;
}

export function nrrdEncoding(header: NrrdHeader, name: string): "raw" | "ascii" | "hex" | "gzip" {
  const given = header.fields.get("encoding")?.toLowerCase() ?? "";
  const encoding = ENCODINGS[given];
  if (!encoding) {
    throw inputError(
      "encoding",
      `${name} has its voxels encoded as "${given}", which cannot be read.`,
      "Save it with the encoding raw or gzip.",
    );
  }
  return encoding;
}

/** Sizes of the axes, fastest first. Throws `input.size` when they do not fit the dimension. */
export function nrrdSizes(header: NrrdHeader, name: string): number[] {
  const dimension = Number(header.fields.get("dimension"));
  const sizes = numbersIn(header.fields.get("sizes") ?? "");
  if (sizes.length === 0 || sizes.length !== dimension || sizes.length > 16) {
    throw inputError(
      "size",
      `${name} has no usable size in its header (dimension ${header.fields.get("dimension") ?? "missing"}, sizes ${header.fields.get("sizes") ?? "missing"}).`,
      "The header is damaged: export the image again from where it came from.",
    );
  }
  return sizes;
}

function numbersIn(text: string): number[] {
  return text
    .split(/[\s,()]+/)
    .filter((token) => token !== "")
    .map((token) => (/^nan$/i.test(token) ? Number.NaN : Number(token)));
}

/** Vectors such as "(1,0,0) none (0,0,2)"; null for "none". */
function vectorsIn(text: string): (number[] | null)[] {
  return [...text.matchAll(/none|\(([^()]*)\)/gi)].map((match) =>
    match[1] === undefined ? null : numbersIn(match[1]),
  );
}

/** Affine of the axes in `spatial` (positions in `sizes`), and warnings on what the header leaves open. */
export function nrrdAffine(
  header: NrrdHeader,
  spatial: readonly number[],
  name: string,
): { affine: Affine; warnings: string[] } {
  const warnings: string[] = [];
  const { fields } = header;
  const space = fields
    .get("space")
    ?.toLowerCase()
    .replace(/-time$/, "")
    .replace(/^(ras|las|lps)t$/, "$1");
  const signs = SPACES[space ?? ""] ?? LPS;
  if (!SPACES[space ?? ""]) {
    warnings.push(
      `The file names no anatomical space, so left, posterior, superior was assumed; left and right may be swapped.`,
    );
  }
  const given = fields.get("space directions");
  const vectors = given ? vectorsIn(given) : [];
  if (given && spatial.some((axis) => !vectors[axis])) {
    throw inputError(
      "affine",
      `${name} has no direction for each of its axes (space directions: ${given.slice(0, 120)}).`,
      "Repair the header, for example by copying the orientation from the image it belongs to.",
    );
  }
  const spacings = numbersIn(fields.get("spacings") ?? "");
  const mins = numbersIn(fields.get("axis mins") ?? "");
  const directions = spatial.map((axis, i) => {
    const length = Math.abs(spacings[axis] ?? 1) || 1;
    return vectors[axis] ?? [0, 1, 2].map((row) => (row === i ? length : 0));
  });
  const origin = given
    ? (vectorsIn(fields.get("space origin") ?? "")[0] ?? [0, 0, 0])
    : spatial.map((axis) => (Number.isFinite(mins[axis]) ? mins[axis]! : 0));
  const affine = affineFromDirections(directions, origin, { signs });
  const factor = unitFactor(fields.get("space units") ?? "");
  if (factor !== 1) warnings.push("The file gives lengths in another unit; they were converted to mm.");
  return { affine: affine.map((value, i) => (i < 12 ? value * factor : value)), warnings };
}

function unitFactor(units: string): number {
  const unit = /"([^"]*)"/.exec(units)?.[1]?.toLowerCase() ?? "mm";
  if (unit === "m") return 1000;
  if (unit === "cm") return 10;
  return /^(um|µm|μm|microns?)$/.test(unit) ? 0.001 : 1;
}
