/** Huffman tables and the bit reader of entropy-coded JPEG segments (ITU-T T.81 annexes C and F.2.2). */
import { JpegError } from "./error.js";

/** For every 16-bit prefix: code length * 256 + symbol; 0 where no code starts so. */
export type HuffmanTable = Uint16Array;

/** Builds the lookup table of a DHT segment: number of codes of each length 1..16, and their symbols. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(65536);
  let code = 0;
  let symbol = 0;
  for (let length = 1; length <= 16; length++) {
    for (let n = 0; n < counts[length - 1]!; n++) {
      const from = code << (16 - length);
      const to = (code + 1) << (16 - length);
      if (to > 65536) throw new JpegError("a Huffman table has more codes than fit");
      table.fill((length << 8) | symbols[symbol]!, from, to);
      code++;
      symbol++;
    }
    code <<= 1;
  }
  return table;
}

/** Reads bits of one entropy-coded segment, most significant first, dropping stuffed zero bytes. */
export class BitReader {
  position: number;
  private readonly bytes: Uint8Array;
  private buffer = 0;
  private count = 0;
  /** Zero bits appended after the segment's end; reading one of them means the data were cut off. */
  private padding = 0;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  private fill(): void {
    const { bytes } = this;
    while (this.count <= 24) {
      let byte = bytes[this.position];
      if (byte === undefined) {
        byte = 0;
        this.padding += 8;
      } else if (byte !== 0xff) {
        this.position++;
      } else if (bytes[this.position + 1] === 0) {
        this.position += 2;
      } else {
        byte = 0;
        this.padding += 8;
      }
      this.buffer = (this.buffer << 8) | byte;
      this.count += 8;
    }
  }

  private drop(bits: number): void {
    this.count -= bits;
    if (this.count < this.padding) throw new JpegError("the compressed data end too early");
  }

  /** Next symbol by a Huffman table. */
  symbol(table: HuffmanTable): number {
    if (this.count < 16) this.fill();
    const entry = table[(this.buffer >>> (this.count - 16)) & 0xffff]!;
    if (entry === 0) throw new JpegError("the compressed data hold a code that no table has");
    this.drop(entry >> 8);
    return entry & 0xff;
  }

  /** Next `bits` (0..16) bits as an unsigned number. */
  bits(bits: number): number {
    if (bits === 0) return 0;
    if (this.count < bits) this.fill();
    const value = (this.buffer >>> (this.count - bits)) & ((1 << bits) - 1);
    this.drop(bits);
    return value;
  }

  /** Next signed number of category `bits` (RECEIVE and EXTEND, T.81 F.2.2.1). */
  signed(bits: number): number {
    const value = this.bits(bits);
    return bits > 0 && value < 1 << (bits - 1) ? value - (1 << bits) + 1 : value;
  }

  /** Steps over a restart marker and starts afresh behind it. */
  restart(): void {
    this.count = 0;
    this.padding = 0;
    const { bytes } = this;
    while (this.position + 1 < bytes.length) {
      if (bytes[this.position] === 0xff) {
        const marker = bytes[this.position + 1]!;
        if (marker >= 0xd0 && marker <= 0xd7) {
          this.position += 2;
          return;
        }
        if (marker !== 0 && marker !== 0xff) break;
      }
      this.position++;
    }
    throw new JpegError("a restart marker is missing");
  }
}
