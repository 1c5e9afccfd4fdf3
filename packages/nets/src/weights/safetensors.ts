/** The safetensors format (github.com/huggingface/safetensors): length, JSON header, raw little-endian tensors. */
import { failedError, inputError } from "@viscera/core";
import { elementCount } from "../tensor.js";
import { floatToHalf } from "./half.js";
import { elementsOf, STORED_BYTES, type StoredType, type Weights, widened, widenedType } from "./weights.js";

const TYPES: Readonly<Record<string, StoredType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U64: "uint64",
  U32: "uint32",
  U16: "uint16",
  U8: "uint8",
  BOOL: "bool",
};
const CODES = Object.fromEntries(Object.entries(TYPES).map(([code, type]) => [type, code]));

/** The format's own limit. */
const LONGEST_HEADER = 100_000_000;
const MOST_AXES = 16;

interface Stored {
  type: StoredType;
  dims: number[];
  start: number;
  end: number;
}

interface Header {
  tensors: Map<string, Stored>;
  metadata: Record<string, string>;
  /** Where offsets count from. */
  dataAt: number;
}

/**
 * Tensors of a safetensors file, views of `bytes` where they are aligned; float16 and bfloat16 as float32.
 * Throws `input.safetensors` unless its header is exactly true of the bytes.
 */
export function readSafetensors(bytes: Uint8Array, name = "the file"): Weights {
  const { tensors, dataAt } = readHeader(bytes, name);
  const weights: Weights = new Map();
  for (const [key, { type, dims, start, end }] of tensors) {
    const data = widened(type, elementsOf(type, bytes.subarray(dataAt + start, dataAt + end)));
    weights.set(key, { type: widenedType(type), dims, data });
  }
  return weights;
}

/** The free text entries of a safetensors file. Throws `input.safetensors`. */
export function safetensorsMetadata(bytes: Uint8Array, name = "the file"): Record<string, string> {
  return readHeader(bytes, name).metadata;
}

function readHeader(bytes: Uint8Array, name: string): Header {
  const broken = (why: string) =>
    inputError(
      "safetensors",
      `${name} is not a whole safetensors file: ${why}.`,
      "Copy or download it again.",
    );
  if (bytes.length < 8) throw broken("it ends in its first number");
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > LONGEST_HEADER || 8 + length > bytes.length)
    throw broken("its header claims more than there is");
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch {
    throw broken("its header is no JSON");
  }
  if (!isRecord(parsed)) throw broken("its header is no table");
  const header: Header = { tensors: new Map(), metadata: {}, dataAt: 8 + length };
  for (const [key, value] of Object.entries(parsed)) {
    if (key === "__metadata__") {
      if (!isRecord(value) || Object.values(value).some((text) => typeof text !== "string")) {
        throw broken("its metadata are no texts");
      }
      header.metadata = value as Record<string, string>;
    } else header.tensors.set(key, readEntry(key, value, name, broken));
  }
  let reached = 0;
  for (const [key, { start, end }] of [...header.tensors].sort(
    (a, b) => a[1].start - b[1].start || a[1].end - b[1].end,
  )) {
    if (start !== reached) {
      throw broken(`the tensor ${key} ${start < reached ? "overlaps another" : "leaves a gap before it"}`);
    }
    reached = end;
  }
  if (header.dataAt + reached !== bytes.length) {
    throw broken(`it has ${bytes.length - header.dataAt} bytes of tensors where its header says ${reached}`);
  }
  return header;
}

function readEntry(key: string, value: unknown, name: string, broken: (why: string) => Error): Stored {
  if (!isRecord(value)) throw broken(`the tensor ${key} is not described`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(TYPES, dtype)) {
    throw inputError(
      "safetensors",
      `The tensor ${key} of ${name} has the element type ${String(dtype)}, which is not supported.`,
      `Store it as one of ${Object.keys(TYPES).join(", ")}.`,
    );
  }
  const type = TYPES[dtype]!;
  if (!isCounts(shape) || shape.length > MOST_AXES || !isCounts(offsets) || offsets.length !== 2) {
    throw broken(`the tensor ${key} has no proper shape`);
  }
  const [start, end] = offsets as [number, number];
  if (end - start !== elementCount(shape) * STORED_BYTES[type]) {
    throw broken(`the tensor ${key} has another length than its shape`);
  }
  return { type, dims: shape, start, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/**
 * A safetensors file. `float16` halves float32 and float64 tensors (nearest, ties to even). Tensors stand in
 * order of falling element size, then as given, so that each is aligned. Throws `failed.float16` for a value
 * that no half-precision number comes near.
 */
export function writeSafetensors(
  weights: Weights,
  { float16 = false, metadata = {} }: { float16?: boolean; metadata?: Record<string, string> } = {},
): Uint8Array {
  const typeOf = (type: StoredType) => (float16 && /^float(32|64)$/.test(type) ? "float16" : type);
  const ordered = [...weights]
    .map(([name, tensor]) => ({ name, tensor, type: typeOf(tensor.type) }))
    .sort((a, b) => STORED_BYTES[b.type] - STORED_BYTES[a.type]);
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(["__metadata__", metadata]);
  let reached = 0;
  const places = ordered.map(({ name, tensor, type }) => {
    const start = reached;
    reached += elementCount(tensor.dims) * STORED_BYTES[type];
    header.push([name, { dtype: CODES[type], shape: tensor.dims, data_offsets: [start, reached] }]);
    return start;
  });
  // fromEntries keeps a tensor called "__proto__"; padding with blanks aligns the tensors.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataAt = 8 + Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(dataAt + reached).fill(0x20, 0, dataAt);
  new DataView(out.buffer).setBigUint64(0, BigInt(dataAt - 8), true);
  out.set(json, 8);
  ordered.forEach(({ name, tensor: { data, type: given }, type }, i) => {
    const at = dataAt + places[i]!;
    if (type === given) {
      out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      return;
    }
    const halves = new Uint16Array(out.buffer, at, data.length);
    for (let k = 0; k < data.length; k++) {
      const value = Number(data[k]);
      halves[k] = floatToHalf(value);
      if (Number.isFinite(value) && (halves[k]! & 0x7fff) === 0x7c00) {
        throw failedError(
          "float16",
          `The weight ${name} holds ${value}, which is beyond half precision.`,
          "Store the weights as float32.",
        );
      }
    }
  });
  return out;
}
