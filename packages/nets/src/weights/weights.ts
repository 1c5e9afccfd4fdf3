/** Named tensors of a network. */
import type { ElementType, Tensor, TensorArray } from "../tensor.js";
import { bfloat16ToFloat, halfToFloat } from "./half.js";

/** By parameter name, in the order of the file. Readers widen float16 and bfloat16 to float32. */
export type Weights = Map<string, Tensor>;

/** Element types of weight files; all but the last are tensors' own. */
export type StoredType = ElementType | "bfloat16";

export const STORED_BYTES: Readonly<Record<StoredType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/** What a stored type is as a tensor. */
export function widenedType(type: StoredType): ElementType {
  return type === "float16" || type === "bfloat16" ? "float32" : type;
}

const ARRAYS = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Little-endian elements as an array of their type: a view where the alignment allows, else a copy. */
export function elementsOf(type: StoredType, bytes: Uint8Array): TensorArray {
  const size = STORED_BYTES[type];
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new ARRAYS[type](aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.byteLength / size);
}

/** A zeroed array for tensors of a type. */
export function allocate(type: ElementType, length: number): TensorArray {
  return new ARRAYS[type](length);
}

/** float16 and bfloat16 bits to float32; other arrays as they are. */
export function widened(type: StoredType, data: TensorArray): TensorArray {
  if (type === "float16") return Float32Array.from(data as Uint16Array, halfToFloat);
  if (type === "bfloat16") return Float32Array.from(data as Uint16Array, bfloat16ToFloat);
  return data;
}
