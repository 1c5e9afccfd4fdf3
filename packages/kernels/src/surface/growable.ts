type Growable = Float32Array | Uint32Array | Int16Array | Uint8Array;

/** A typed array that grows: the caller reserves room, writes into `data` and advances `length`. */
export class GrowableArray<T extends Growable> {
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

  push(value: number): void {
    this.reserve(1)[this.length++] = value;
  }

  /** A copy of exactly the elements written; the room itself is given up. */
  finish(): T {
    const out = this.data.slice(0, this.length) as T;
    this.data = this.#make(0);
    this.length = 0;
    return out;
  }
}

export const growableFloat32 = (): GrowableArray<Float32Array> =>
  new GrowableArray((length) => new Float32Array(length));
export const growableUint32 = (): GrowableArray<Uint32Array> =>
  new GrowableArray((length) => new Uint32Array(length));
export const growableInt16 = (): GrowableArray<Int16Array> =>
  new GrowableArray((length) => new Int16Array(length));
export const growableUint8 = (): GrowableArray<Uint8Array> =>
  new GrowableArray((length) => new Uint8Array(length));
