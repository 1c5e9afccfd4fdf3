/** NumPy's scalars and arrays as a pickle describes them (numpy.dtype, numpy.ndarray.__setstate__). */
import { elementCount, type Tensor, type TensorArray } from "../tensor.js";
import { OpaqueObject } from "./pickle.js";
import { allocate, elementsOf, STORED_BYTES, type StoredType, widened, widenedType } from "./weights.js";

type Broken = (why: string) => Error;

const TYPES: Readonly<Record<string, StoredType>> = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  i2: "int16",
  i1: "int8",
  u8: "uint64",
  u4: "uint32",
  u2: "uint16",
  u1: "uint8",
  b1: "bool",
};

/** numpy.dtype. Text and Python objects have no stored type: their values stay unread. */
export class NumpyType {
  readonly type: StoredType | null;
  private bigEndian: boolean;

  constructor(code: unknown) {
    const [, order, rest] = /^([<>|=]?)(\w+)$/.exec(typeof code === "string" ? code : "") ?? [];
    this.type = rest !== undefined && Object.hasOwn(TYPES, rest) ? TYPES[rest]! : null;
    this.bigEndian = order === ">";
  }

  /** (version, byte order, …) */
  setState(state: unknown): void {
    if (Array.isArray(state)) this.bigEndian = state[1] === ">";
  }

  elements(bytes: Uint8Array): TensorArray {
    if (!this.bigEndian) return elementsOf(this.type!, bytes);
    const size = STORED_BYTES[this.type!];
    const swapped = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) swapped[i] = bytes[i - (i % size) + size - 1 - (i % size)]!;
    return elementsOf(this.type!, swapped);
  }

  scalar(bytes: Uint8Array, broken: Broken): number | bigint | boolean | OpaqueObject {
    if (this.type === null) return new OpaqueObject("numpy scalar");
    if (bytes.length !== STORED_BYTES[this.type]) throw broken("it has a number of the wrong length");
    const value = widened(this.type, this.elements(bytes))[0]!;
    if (this.type === "bool") return value !== 0;
    const number = Number(value);
    return typeof value === "bigint" && !Number.isSafeInteger(number) ? value : number;
  }
}

/** numpy.ndarray, empty until its state is set. */
export class NumpyArray {
  value: Tensor | OpaqueObject = new OpaqueObject("numpy.ndarray");

  /** (version, dims, type, Fortran order, bytes) */
  setState(state: unknown, broken: Broken): void {
    if (!Array.isArray(state) || state.length !== 5) throw broken("it has an array without a form");
    const [, dims, type, fortran, bytes] = state;
    this.value = numpyArray(type, dims, fortran === true, bytes, broken).value;
  }
}

/** An array of `dims` from its bytes. Throws what `broken` gives when they do not fit. */
export function numpyArray(
  type: unknown,
  dims: unknown,
  fortran: boolean,
  bytes: unknown,
  broken: Broken,
): NumpyArray {
  const array = new NumpyArray();
  if (!(type instanceof NumpyType) || type.type === null || !(bytes instanceof Uint8Array)) return array;
  const extents = Array.isArray(dims) ? dims : [];
  if (!extents.every((n): n is number => Number.isInteger(n) && n >= 0)) {
    throw broken("it has an array without a form");
  }
  const count = elementCount(extents);
  if (count * STORED_BYTES[type.type] !== bytes.length) throw broken("it has an array of the wrong length");
  let data = widened(type.type, type.elements(bytes));
  if (fortran && extents.length > 1) data = rowMajor(data, widenedType(type.type), extents);
  array.value = { type: widenedType(type.type), dims: extents, data };
  return array;
}

/** From first axis fastest to last axis fastest. */
function rowMajor(source: TensorArray, type: Tensor["type"], dims: number[]): TensorArray {
  const out = allocate(type, source.length);
  const index = dims.map(() => 0);
  for (let i = 0; i < source.length; i++) {
    let at = 0;
    for (let axis = 0; axis < dims.length; axis++) at = at * dims[axis]! + index[axis]!;
    out[at] = source[i]!;
    for (let axis = 0; axis < dims.length && ++index[axis]! === dims[axis]; axis++) index[axis] = 0;
  }
  return out;
}
