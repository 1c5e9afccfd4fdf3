/** Typed arrays that grow: the caller reserves room, writes into `data` and advances `length`. */
export class GrowableArray<T extends Float32Array | Uint32Array | Uint16Array | Uint8Array> {
  data: T;
  length = 0;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T, capacity = 1024) {
    this.#make = make;
    this.data = make(capacity);
  }

  /** Makes room for `count` more elements; `data` may be replaced by this. */
  reserve(count: number): T {
    if (this.length + count > this.data.length) {
      const grown = this.#make(Math.max(2 * this.data.length, this.length + count));
      grown.set(this.data);
      this.data = grown;
    }
    return this.data;
  }

  /** A copy of exactly the elements written. */
  finish(): T {
    return this.data.slice(0, this.length) as T;
  }
}

export const growableFloat32 = (): GrowableArray<Float32Array> =>
  new GrowableArray((length) => new Float32Array(length));
export const growableUint32 = (): GrowableArray<Uint32Array> =>
  new GrowableArray((length) => new Uint32Array(length));
