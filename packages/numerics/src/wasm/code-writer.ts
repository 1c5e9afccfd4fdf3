/** Instructions of one WebAssembly function (https://webassembly.github.io/spec/core/binary/). */

/** Index of a function or local. */
export type Index = number;

export const VALUE_TYPES = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof VALUE_TYPES;

const SCALAR = {
  add: 0xa0,
  sub: 0xa1,
  mul: 0xa2,
  div: 0xa3,
  min: 0xa4,
  max: 0xa5,
  abs: 0x99,
  neg: 0x9a,
  ceil: 0x9b,
  floor: 0x9c,
  sqrt: 0x9f,
  eq: 0x61,
  lt: 0x63,
  le: 0x65,
} as const;
const SIMD = {
  add: 0xf0,
  sub: 0xf1,
  mul: 0xf2,
  div: 0xf3,
  min: 0xf4,
  max: 0xf5,
  abs: 0xec,
  neg: 0xed,
  ceil: 0x74,
  floor: 0x75,
  sqrt: 0xef,
  eq: 0x47,
  lt: 0x49,
  le: 0x4b,
} as const;
/** Operators that the processor has; comparisons give i32 in one lane, a mask in two. */
export type NativeOperator = keyof typeof SCALAR;

export function isNative(operator: string): operator is NativeOperator {
  return operator in SCALAR;
}

/**
 * Writes instructions on f64 (one lane) or f64x2 (two lanes); "value" below means whichever it is. Memory is
 * addressed by an i32 on the stack plus a constant offset in bytes.
 */
export class CodeWriter {
  readonly lanes: 1 | 2;
  #bytes = new Uint8Array(256);
  #length = 0;
  readonly #parameters: number;
  readonly #locals: ValueType[] = [];

  constructor(lanes: 1 | 2, parameters: number) {
    this.lanes = lanes;
    this.#parameters = parameters;
  }

  get valueType(): ValueType {
    return this.lanes === 1 ? "f64" : "v128";
  }

  /** Bytes of instructions so far. */
  get length(): number {
    return this.#length;
  }

  #byte(...values: number[]): void {
    if (this.#length + values.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length + values.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    for (const value of values) this.#bytes[this.#length++] = value;
  }

  #unsigned(value: number): void {
    this.#byte(...unsignedLeb(value));
  }

  #simd(opcode: number): void {
    this.#byte(0xfd);
    this.#unsigned(opcode);
  }

  local(type: ValueType = this.valueType): Index {
    return this.#parameters + this.#locals.push(type) - 1;
  }

  get(local: Index): void {
    this.#byte(0x20);
    this.#unsigned(local);
  }

  set(local: Index): void {
    this.#byte(0x21);
    this.#unsigned(local);
  }

  tee(local: Index): void {
    this.#byte(0x22);
    this.#unsigned(local);
  }

  call(functionIndex: Index): void {
    this.#byte(0x10);
    this.#unsigned(functionIndex);
  }

  i32(value: number): void {
    this.#byte(0x41, ...signedLeb(value));
  }

  f64(value: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.#byte(0x44, ...bytes);
  }

  /** The same number in every lane. */
  constant(value: number): void {
    this.f64(value);
    this.splat();
  }

  /** An f64 on the stack becomes a value. */
  splat(): void {
    if (this.lanes === 2) this.#simd(0x14);
  }

  /** The value at (address on the stack) + offset. */
  load(offsetBytes: number): void {
    if (this.lanes === 1) this.#byte(0x2b, 0x03);
    else {
      this.#simd(0x00);
      this.#byte(0x03);
    }
    this.#unsigned(offsetBytes);
  }

  /** Stores the value on the stack at (address below it) + offset. */
  store(offsetBytes: number): void {
    if (this.lanes === 1) this.#byte(0x39, 0x03);
    else {
      this.#simd(0x0b);
      this.#byte(0x03);
    }
    this.#unsigned(offsetBytes);
  }

  native(operator: NativeOperator): void {
    if (this.lanes === 1) this.#byte(SCALAR[operator]);
    else this.#simd(SIMD[operator]);
  }

  /** From a, b and a condition (i32 or mask): a where it holds, else b. */
  select(): void {
    if (this.lanes === 1) this.#byte(0x1b);
    else this.#simd(0x52);
  }

  /** Logic on conditions. */
  logic(operator: "and" | "or" | "xor"): void {
    if (this.lanes === 1) this.#byte({ and: 0x71, or: 0x72, xor: 0x73 }[operator]);
    else this.#simd({ and: 0x4e, or: 0x50, xor: 0x51 }[operator]);
  }

  not(): void {
    if (this.lanes === 1) this.#byte(0x45);
    else this.#simd(0x4d);
  }

  /** A condition as the number 1 or 0. */
  conditionToValue(): void {
    if (this.lanes === 1) this.#byte(0xb8);
    else {
      // A mask of ones keeps the bits of 1.
      this.constant(1);
      this.#simd(0x4e);
    }
  }

  /** One lane of a pair on the stack, as f64. */
  extract(lane: 0 | 1): void {
    this.#simd(0x21);
    this.#byte(lane);
  }

  /** Puts the f64 on the stack into a lane of the pair below it. */
  replace(lane: 0 | 1): void {
    this.#simd(0x22);
    this.#byte(lane);
  }

  i32Add(): void {
    this.#byte(0x6a);
  }

  /** Runs `body` for the i32 `pointer` from its value on, in steps, until it reaches the i32 in `end`. */
  loop(pointer: Index, stepBytes: number, end: Index, body: () => void): void {
    this.#byte(0x03, 0x40);
    body();
    this.get(pointer);
    this.i32(stepBytes);
    this.i32Add();
    this.tee(pointer);
    this.get(end);
    // i32.lt_u, br_if 0, end
    this.#byte(0x49, 0x0d, 0x00, 0x0b);
  }

  /** Runs `body` again and again: `again` inside it goes to its beginning, its end ends the loop. */
  repeat(body: () => void): void {
    this.#byte(0x03, 0x40);
    body();
    this.#byte(0x0b);
  }

  /** Goes to the beginning of the loop that the code is in, through so many blocks of `when`. */
  again(blocks = 0): void {
    this.#byte(0x0c);
    this.#unsigned(blocks);
  }

  /** Runs `body` where the i32 on the stack is not 0. */
  when(body: () => void): void {
    this.#byte(0x04, 0x40);
    body();
    this.#byte(0x0b);
  }

  /** Ends the function with what is on the stack. */
  leave(): void {
    this.#byte(0x0f);
  }

  /** The function's body as the code section holds it. */
  finish(): Uint8Array {
    const groups: [number, ValueType][] = [];
    for (const type of this.#locals) {
      const last = groups.at(-1);
      if (last?.[1] === type) last[0]++;
      else groups.push([1, type]);
    }
    const header = [
      ...unsignedLeb(groups.length),
      ...groups.flatMap(([count, type]) => [...unsignedLeb(count), VALUE_TYPES[type]]),
    ];
    const body = new Uint8Array(header.length + this.#length + 1);
    body.set(header);
    body.set(this.#bytes.subarray(0, this.#length), header.length);
    body[body.length - 1] = 0x0b;
    return body;
  }
}

export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}
