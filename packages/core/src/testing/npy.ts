/** NumPy's .npy and .npz files, for tests against reference arrays (numpy.lib.format, versions 1 to 3). */
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

/** An array in C order; booleans are 0 and 1. float16 is widened to float32, int64 and uint64 to numbers. */
export interface NpyArray {
  dtype: string;
  dims: number[];
  data:
    | Float32Array
    | Float64Array
    | Int8Array
    | Uint8Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array;
}

/** The array of a .npy file's bytes. */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0x934e554d) throw new Error("not an .npy file");
  const long = bytes[6]! >= 2;
  const headerLength = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = long ? 12 : 10;
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + headerLength));
  const dtype = /'descr': '([^']+)'/.exec(header)?.[1] ?? "";
  if (/'fortran_order': True/.test(header)) throw new Error("Fortran order is not read");
  const dims = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").map((s) => s.trim());
  const shape = dims.filter((s) => s !== "").map(Number);
  const body = new Uint8Array(bytes.subarray(start + headerLength));
  return {
    dtype: dtype.replace(/^[<|=]/, ""),
    dims: shape,
    data: numbersOf(dtype.replace(/^[<|=]/, ""), body),
  };
}

function numbersOf(dtype: string, body: Uint8Array<ArrayBuffer>): NpyArray["data"] {
  const { buffer } = body;
  switch (dtype) {
    case "f4":
      return new Float32Array(buffer);
    case "f8":
      return new Float64Array(buffer);
    case "f2":
      return Float32Array.from(new Uint16Array(buffer), widenHalf);
    case "b1":
    case "u1":
      return body;
    case "i1":
      return new Int8Array(buffer);
    case "i2":
      return new Int16Array(buffer);
    case "u2":
      return new Uint16Array(buffer);
    case "i4":
      return new Int32Array(buffer);
    case "u4":
      return new Uint32Array(buffer);
    case "i8":
      return Float64Array.from(new BigInt64Array(buffer), Number);
    case "u8":
      return Float64Array.from(new BigUint64Array(buffer), Number);
    default:
      throw new Error(`dtype ${dtype} is not read`);
  }
}

function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function readNpy(path: string): NpyArray {
  return parseNpy(readFileSync(path));
}

/** Every array of an .npz file (a zip of .npy files), by name without the ending. */
export function readNpz(path: string): Map<string, NpyArray> {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error(`${path} is no zip file`);
  const arrays = new Map<string, NpyArray>();
  let entry = view.getUint32(end + 16, true);
  for (let i = view.getUint16(end + 10, true); i > 0; i--) {
    const method = view.getUint16(entry + 10, true);
    const size = view.getUint32(entry + 20, true);
    const nameLength = view.getUint16(entry + 28, true);
    const name = bytes.toString("utf8", entry + 46, entry + 46 + nameLength);
    const local = view.getUint32(entry + 42, true);
    const at = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = bytes.subarray(at, at + size);
    arrays.set(name.replace(/\.npy$/, ""), parseNpy(method === 0 ? packed : inflateRawSync(packed)));
    entry += 46 + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
  }
  return arrays;
}
