import type { VoxelArray } from "@viscera/core";

/** Number types that files store; the 64-bit integers are narrowed when read. */
export type VoxelType =
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "float32"
  | "float64";

export const BYTES_OF: Readonly<Record<VoxelType, number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float32: 4,
  float64: 8,
};

const TYPE_OF_ARRAY: Readonly<Record<string, Exclude<VoxelType, "int64" | "uint64">>> = {
  Int8Array: "int8",
  Uint8Array: "uint8",
  Int16Array: "int16",
  Uint16Array: "uint16",
  Int32Array: "int32",
  Uint32Array: "uint32",
  Float32Array: "float32",
  Float64Array: "float64",
};

/** The stored type of an array in memory. */
export function voxelTypeOf(data: VoxelArray): Exclude<VoxelType, "int64" | "uint64"> {
  return TYPE_OF_ARRAY[data[Symbol.toStringTag]]!;
}

/** Reverses the bytes of every element, in place. */
export function swapBytes(bytes: Uint8Array, width: number): void {
  for (let start = 0; start + width <= bytes.length; start += width) {
    for (let a = start, b = start + width - 1; a < b; a++, b--) {
      const byte = bytes[a]!;
      bytes[a] = bytes[b]!;
      bytes[b] = byte;
    }
  }
}

/** 64-bit integers as Int32Array where every one fits, else as Float64Array (exact up to 2^53). */
function narrow64(bytes: Uint8Array, signed: boolean): Int32Array | Float64Array {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const count = words.length / 2;
  let fits = true;
  for (let i = 0; i < count && fits; i++) fits = words[2 * i + 1] === words[2 * i]! >> 31;
  if (fits && (signed || words.every((word) => word >= 0))) {
    const out = new Int32Array(count);
    for (let i = 0; i < count; i++) out[i] = words[2 * i]!;
    return out;
  }
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const high = signed ? words[2 * i + 1]! : words[2 * i + 1]! >>> 0;
    out[i] = high * 4294967296 + (words[2 * i]! >>> 0);
  }
  return out;
}

/** Little-endian bytes (aligned to their type, owned by the caller) as numbers, without a copy where possible. */
export function numbersOf(bytes: Uint8Array, type: VoxelType): VoxelArray {
  const { buffer, byteOffset } = bytes;
  const count = bytes.length / BYTES_OF[type];
  const arrays = {
    int8: () => new Int8Array(buffer, byteOffset, count),
    uint8: () => new Uint8Array(buffer, byteOffset, count),
    int16: () => new Int16Array(buffer, byteOffset, count),
    uint16: () => new Uint16Array(buffer, byteOffset, count),
    int32: () => new Int32Array(buffer, byteOffset, count),
    uint32: () => new Uint32Array(buffer, byteOffset, count),
    int64: () => narrow64(bytes, true),
    uint64: () => narrow64(bytes, false),
    float32: () => new Float32Array(buffer, byteOffset, count),
    float64: () => new Float64Array(buffer, byteOffset, count),
  } satisfies Record<VoxelType, () => VoxelArray>;
  return arrays[type]() as VoxelArray;
}

/** The bytes of an array, without a copy. Every platform that runs this is little endian. */
export function bytesOf(data: VoxelArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
