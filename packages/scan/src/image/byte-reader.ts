const NOTHING = new Uint8Array(0);

/** Reads a stream of chunks by counts and lines, holding no more than the chunk at hand and what is peeked. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = NOTHING;
  #ended = false;
  #position = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** Bytes handed out so far. */
  get position(): number {
    return this.#position;
  }

  /** Makes sure that at least one byte is at hand; false at the end. */
  async #fill(): Promise<boolean> {
    while (this.#chunk.length === 0 && !this.#ended) await this.#pull();
    return this.#chunk.length > 0;
  }

  async #pull(): Promise<void> {
    const { done, value } = await this.#iterator.next();
    if (done) this.#ended = true;
    else if (this.#chunk.length === 0) this.#chunk = value;
    else {
      const joined = new Uint8Array(this.#chunk.length + value.length);
      joined.set(this.#chunk);
      joined.set(value, this.#chunk.length);
      this.#chunk = joined;
    }
  }

  #advance(count: number): void {
    this.#chunk = this.#chunk.subarray(count);
    this.#position += count;
  }

  /** The bytes at hand (at least one) without moving on; null at the end. */
  async chunk(): Promise<Uint8Array | null> {
    return (await this.#fill()) ? this.#chunk : null;
  }

  /** Up to `count` bytes without moving on; fewer only at the end. `count` is small (a header). */
  async peek(count: number): Promise<Uint8Array> {
    while (this.#chunk.length < count && !this.#ended) await this.#pull();
    return this.#chunk.subarray(0, count);
  }

  /** Up to `count` bytes; fewer only at the end. `count` is small or was checked against the file's size. */
  async take(count: number): Promise<Uint8Array> {
    const bytes = (await this.peek(count)).slice();
    this.#advance(bytes.length);
    return bytes;
  }

  /** Fills `target` and returns how many bytes there were; fewer than its length only at the end. */
  async readInto(target: Uint8Array, onBytes?: (done: number) => void): Promise<number> {
    let done = 0;
    while (done < target.length && (await this.#fill())) {
      const part = this.#chunk.subarray(0, target.length - done);
      target.set(part, done);
      done += part.length;
      this.#advance(part.length);
      onBytes?.(done);
    }
    return done;
  }

  /** Moves on by `count` bytes; returns how many there were. */
  async skip(count: number): Promise<number> {
    let done = 0;
    while (done < count && (await this.#fill())) {
      const step = Math.min(this.#chunk.length, count - done);
      done += step;
      this.#advance(step);
    }
    return done;
  }

  /**
   * A line of UTF-8 text without its end (LF or CRLF); null at the end of the stream, or "too long" when no
   * line ends within `limit` bytes.
   */
  async line(limit: number): Promise<string | null | typeof LINE_TOO_LONG> {
    if (!(await this.#fill())) return null;
    let searched = 0;
    for (;;) {
      const end = this.#chunk.indexOf(10, searched);
      if (end >= 0 || this.#ended) {
        const length = end >= 0 ? end : this.#chunk.length;
        if (length > limit) return LINE_TOO_LONG;
        const text = new TextDecoder().decode(this.#chunk.subarray(0, length));
        this.#advance(end >= 0 ? length + 1 : length);
        return text.replace(/\r$/, "");
      }
      searched = this.#chunk.length;
      if (searched > limit) return LINE_TOO_LONG;
      await this.#pull();
    }
  }

  /** What is left, chunk by chunk. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      while (await this.#fill()) {
        const chunk = this.#chunk;
        this.#advance(chunk.length);
        yield chunk;
      }
    } finally {
      await this.close();
    }
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#iterator.return?.();
  }
}

export const LINE_TOO_LONG = Symbol("line too long");
