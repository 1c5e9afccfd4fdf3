/** Tensors as they go into graphs and through sessions: row-major, the last dimension fastest. */
import { failedError } from "@viscera/core";

export type ElementType =
  | "float32"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "int32"
  | "int64"
  | "bool"
  | "float16"
  | "float64"
  | "uint32"
  | "uint64";

export type TensorArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array;

export interface Tensor {
  type: ElementType;
  dims: readonly number[];
  /** `float16` holds its bits in a Uint16Array, `bool` a Uint8Array of 0 and 1. */
  data: TensorArray;
}

/** TensorProto.DataType of the ONNX standard. */
export const ELEMENT_CODES: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
};

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, n) => product * n, 1);
}

/** A float32 tensor over `data`, without a copy. Throws `failed.shape` when the length does not fit the dimensions. */
export function floatTensor(data: Float32Array, dims: readonly number[]): Tensor {
  if (data.length !== elementCount(dims)) {
    throw failedError("shape", `A tensor of ${dims.join("x")} cannot hold ${data.length} numbers.`);
  }
  return { type: "float32", dims, data };
}
