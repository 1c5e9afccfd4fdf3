import type { CodeWriter, Index } from "../wasm/code-writer.js";
import type { Region } from "./layout.js";

/** Vectors up to this length are written out element by element. */
const UNROLLED = 24;

/**
 * Repeats `body` for every element of vectors of one length: written out for short ones, as a loop for long ones.
 * `body` gets the local with the address of element 0 of region 0 for this turn, and a constant to add.
 */
export function eachElement(
  code: CodeWriter,
  base: Index,
  length: number,
  body: (element: ElementAccess, index: number | null) => void,
): void {
  const stride = 8 * code.lanes;
  if (length <= UNROLLED) {
    for (let i = 0; i < length; i++) body(new ElementAccess(code, base, i * stride), i);
    return;
  }
  const pointer = code.local("i32");
  const end = code.local("i32");
  code.get(base);
  code.tee(pointer);
  code.i32(length * stride);
  code.i32Add();
  code.set(end);
  code.loop(pointer, stride, end, () => body(new ElementAccess(code, pointer, 0), null));
}

/** One element of each region, at the same index. */
export class ElementAccess {
  readonly #code: CodeWriter;
  readonly #pointer: Index;
  readonly #extraBytes: number;

  constructor(code: CodeWriter, pointer: Index, extraBytes: number) {
    this.#code = code;
    this.#pointer = pointer;
    this.#extraBytes = extraBytes;
  }

  #offset({ start }: Region): number {
    return start * 8 * this.#code.lanes + this.#extraBytes;
  }

  load(region: Region): void {
    this.#code.get(this.#pointer);
    this.#code.load(this.#offset(region));
  }

  /** Stores what `value` pushes. */
  store(region: Region, value: () => void): void {
    this.#code.get(this.#pointer);
    value();
    this.#code.store(this.#offset(region));
  }

  /** Adds weight * region to the value on the stack. */
  addScaled(region: Region, weight: number): void {
    if (weight === 0) return;
    this.load(region);
    if (weight !== 1) {
      this.#code.constant(weight);
      this.#code.native("mul");
    }
    this.#code.native("add");
  }
}
