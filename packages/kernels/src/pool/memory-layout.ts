/** Addresses below are left to the compiler. */
const FIRST = 1024;
/** Cache line; also what SIMD loads may read beyond an array's end. */
const ALIGNMENT = 64;

/** Hands out addresses in a WebAssembly memory that is about to be made. */
export class MemoryLayout {
  #end = FIRST;

  /** Address of `bytes` bytes, aligned to 64, with at least 64 readable bytes behind them. */
  reserve(bytes: number): number {
    const address = this.#end;
    this.#end = Math.ceil((address + bytes + ALIGNMENT) / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  /** Bytes handed out so far. */
  get bytes(): number {
    return this.#end;
  }
}
