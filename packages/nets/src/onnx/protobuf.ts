/**
 * The part of the Protocol Buffers wire format that ONNX needs
 * (https://protobuf.dev/programming-guides/encoding/): varints, 32-bit and length-delimited fields.
 */
import { inputError } from "@viscera/core";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

function varintBytes(value: number | bigint): Uint8Array {
  let rest = BigInt(value);
  // Negative numbers are written as their 64-bit two's complement.
  if (rest < 0n) rest += 1n << 64n;
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/**
 * Collects fields as a list of byte chunks. Nested messages and large payloads are kept by reference, so a
 * weight array is copied once only, in `finish`.
 */
export class ProtoWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  #tag(field: number, wireType: number): void {
    this.#push(varintBytes((field << 3) | wireType));
  }

  int(field: number, value: number | bigint): this {
    this.#tag(field, VARINT);
    this.#push(varintBytes(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, FIXED32);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#push(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, LENGTH_DELIMITED);
    this.#push(varintBytes(value.length));
    this.#push(value);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, textEncoder.encode(value));
  }

  message(field: number, value: ProtoWriter): this {
    this.#tag(field, LENGTH_DELIMITED);
    this.#push(varintBytes(value.#length));
    for (const chunk of value.#chunks) this.#push(chunk);
    return this;
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      out.set(chunk, offset);
      offset += chunk.length;
    }
    return out;
  }
}

/** One field of a message: a varint as bigint, or the bytes of any other wire type. */
export interface ProtoField {
  field: number;
  value: bigint | Uint8Array;
}

function malformed(): Error {
  return inputError(
    "onnx",
    "The bytes are not a well-formed protocol buffer message.",
    "Check that the file is complete and is an ONNX model.",
  );
}

/** The fields of a message in order, as views of `bytes`. Throws `input.onnx` where the format is broken. */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField> {
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[offset++];
      if (byte === undefined) throw malformed();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    throw malformed();
  };
  while (offset < bytes.length) {
    const tag = Number(varint());
    const field = tag >>> 3;
    const wireType = tag & 7;
    if (field === 0) throw malformed();
    if (wireType === VARINT) {
      yield { field, value: varint() };
      continue;
    }
    let length: number;
    if (wireType === LENGTH_DELIMITED) length = Number(varint());
    else if (wireType === FIXED32) length = 4;
    else if (wireType === FIXED64) length = 8;
    else throw malformed();
    if (!(length >= 0 && offset + length <= bytes.length)) throw malformed();
    yield { field, value: bytes.subarray(offset, offset + length) };
    offset += length;
  }
}

export function protoText(value: bigint | Uint8Array): string {
  if (typeof value === "bigint") throw malformed();
  return textDecoder.decode(value);
}

export function protoBytes(value: bigint | Uint8Array): Uint8Array {
  if (typeof value === "bigint") throw malformed();
  return value;
}

export function protoInt(value: bigint | Uint8Array): number {
  if (typeof value !== "bigint") throw malformed();
  return Number(value);
}

/** Repeated integers come one field each or packed into one; both give a list. */
export function protoInts(value: bigint | Uint8Array): number[] {
  if (typeof value === "bigint") return [Number(value)];
  const out: number[] = [];
  let current = 0n;
  let shift = 0n;
  for (const byte of value) {
    current |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      out.push(Number(BigInt.asIntN(64, current)));
      current = 0n;
      shift = 0n;
    }
  }
  if (shift !== 0n) throw malformed();
  return out;
}
