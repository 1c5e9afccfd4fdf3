import { inputError } from "@viscera/core";

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads a pickle's arguments one after the other; throws `input.pickle` where they end early. */
export class PickleBytes {
  private readonly view: DataView;

  private readonly bytes: Uint8Array;
  private readonly name: string;
  at: number;

  constructor(bytes: Uint8Array, name: string, at = 0) {
    this.bytes = bytes;
    this.name = name;
    this.at = at;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  broken(why: string): Error {
    return inputError(
      "pickle",
      `${this.name} is not a whole PyTorch file: ${why}.`,
      "Copy or download it again.",
    );
  }

  private advance(count: number): number {
    const start = this.at;
    if (!(count <= this.bytes.length - start)) throw this.broken("it ends in the middle");
    this.at = start + count;
    return start;
  }

  uint8(): number {
    return this.bytes[this.advance(1)]!;
  }

  uint16(): number {
    return this.view.getUint16(this.advance(2), true);
  }

  int32(): number {
    return this.view.getInt32(this.advance(4), true);
  }

  uint32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** A 64-bit length; one beyond 2^53 is beyond the end anyway. */
  length64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true));
  }

  bigEndianFloat64(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array {
    const start = this.advance(count);
    return this.bytes.subarray(start, start + count);
  }

  text(count: number): string {
    return UTF8.decode(this.take(count));
  }

  latin1(count: number): string {
    const part = this.take(count);
    let text = "";
    for (let i = 0; i < part.length; i++) text += String.fromCharCode(part[i]!);
    return text;
  }

  /** Up to the next line feed, which is skipped. */
  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw this.broken("it ends in the middle");
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  /** Protocol 0 text: Latin-1 with \u escapes. */
  rawUnicodeLine(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw this.broken("it ends in the middle");
    const text = this.latin1(end - this.at);
    this.at++;
    return text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (whole, four, eight) => {
      const point = Number.parseInt(four ?? eight, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    });
  }

  /** Protocol 0 bytes: a quoted Python literal on a line. */
  quoted(): string {
    const literal = this.line().trim();
    const quote = literal[0];
    if (literal.length < 2 || (quote !== "'" && quote !== '"') || literal.at(-1) !== quote) {
      throw this.broken("it has text without quotes");
    }
    const escapes: Record<string, string> = {
      n: "\n",
      r: "\r",
      t: "\t",
      a: "\x07",
      b: "\b",
      f: "\f",
      v: "\v",
    };
    return literal
      .slice(1, -1)
      .replace(/\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))/g, (_, hex, octal, other) => {
        if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
        if (octal) return String.fromCharCode(Number.parseInt(octal, 8));
        return escapes[other] ?? other;
      });
  }
}
