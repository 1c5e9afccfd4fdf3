/**
 * The directories of a TIFF's pages: TIFF Revision 6.0 (Adobe, 1992), and BigTIFF as libtiff documents it.
 *
 * Own code, because of the permissive libraries `tiff` 7.1 reads no BigTIFF and no signed or 32-bit integers, `utif2`
 * 4.1 makes pictures for display, and `geotiff` 3.0 reads all types but took 800 MB for a file of 230 bytes that claimed
 * them, and brings nine packages.
 */
import { inputError } from "@viscera/core";

export const TAG = {
  subfileType: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  description: 270,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  resolutionUnit: 296,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  sampleFormat: 339,
  imageDepth: 32997,
} as const;

/** Bytes of a field's type by its number; a rational is two 32-bit integers. */
const WIDTHS: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};
const ASCII = 2;
const WANTED: ReadonlySet<number> = new Set(Object.values(TAG));

/** Whether bytes begin as a TIFF of either size and byte order. */
export function isTiff(start: Uint8Array): boolean {
  const [a, b, c, d] = start;
  if (a !== b || (a !== 0x49 && a !== 0x4d)) return false;
  const magic = a === 0x49 ? c! | (d! << 8) : (c! << 8) | d!;
  return magic === 42 || magic === 43;
}

export function damaged(name: string, what: string): Error {
  return inputError("corrupt", `${name} is a damaged TIFF: ${what}.`, "Copy or export the file again.");
}

export function cutShort(name: string, what: string): Error {
  return inputError("truncated", `${name} is cut short: ${what}.`, "Copy or download the file again.");
}

/** Fields of a page by tag: numbers, or text. */
export class TiffPage {
  readonly #fields: ReadonlyMap<number, number[] | string>;

  constructor(fields: ReadonlyMap<number, number[] | string>) {
    this.#fields = fields;
  }

  /** All numbers of a field, null where the page lacks it. */
  numbers(tag: number): number[] | null {
    const value = this.#fields.get(tag);
    return Array.isArray(value) && value.length > 0 ? value : null;
  }

  number(tag: number, otherwise: number): number {
    return this.numbers(tag)?.[0] ?? otherwise;
  }

  text(tag: number): string {
    const value = this.#fields.get(tag);
    return typeof value === "string" ? value : "";
  }
}

/** A TIFF's bytes with its byte order and sizes of fields. */
export class TiffBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly littleEndian: boolean;
  readonly #view: DataView;
  readonly #big: boolean;
  #left: number;

  constructor(bytes: Uint8Array<ArrayBuffer>, name: string) {
    this.bytes = bytes;
    this.name = name;
    this.littleEndian = bytes[0] === 0x49;
    this.#left = 2 * bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#need(0, 8, "its header");
    this.#big = this.#view.getUint16(2, this.littleEndian) === 43;
    if (this.#big) {
      this.#need(0, 16, "its header");
      if (this.#view.getUint16(4, this.littleEndian) !== 8) {
        throw damaged(name, "its header is no BigTIFF header");
      }
    }
  }

  #need(at: number, count: number, what: string): void {
    if (!(at + count <= this.bytes.length)) throw cutShort(this.name, `${what} lies behind the file's end`);
  }

  /** Keeps directories that share their bytes from costing more than the file is long. */
  #spend(count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw damaged(this.name, "its directories claim more bytes than it has");
  }

  /** A 64-bit number; those above 2^53 lose their last digits and lie behind any file's end all the same. */
  #long(at: number): number {
    return Number(this.#view.getBigUint64(at, this.littleEndian));
  }

  #offset(at: number): number {
    return this.#big ? this.#long(at) : this.#view.getUint32(at, this.littleEndian);
  }

  /** The pages in the file's order. Throws `input.corrupt` for a chain that runs in a circle; `input.truncated`. */
  *pages(): Generator<TiffPage> {
    const seen = new Set<number>();
    let at = this.#big ? this.#long(8) : this.#offset(4);
    while (at !== 0) {
      if (seen.has(at)) throw damaged(this.name, "its list of pages runs in a circle");
      seen.add(at);
      const head = this.#big ? 8 : 2;
      const entry = this.#big ? 20 : 12;
      this.#need(at, head, `page ${seen.size}`);
      const count = this.#big ? this.#long(at) : this.#view.getUint16(at, this.littleEndian);
      const end = at + head + count * entry;
      this.#need(end, this.#big ? 8 : 4, `the directory of page ${seen.size}`);
      this.#spend(count * entry);
      const fields = new Map<number, number[] | string>();
      for (let field = at + head; field < end; field += entry) {
        const tag = this.#view.getUint16(field, this.littleEndian);
        if (WANTED.has(tag) && !fields.has(tag)) fields.set(tag, this.#value(field, tag));
      }
      yield new TiffPage(fields);
      at = this.#offset(end);
    }
  }

  #value(field: number, tag: number): number[] | string {
    const type = this.#view.getUint16(field + 2, this.littleEndian);
    const width = WIDTHS[type];
    if (!width) throw damaged(this.name, `field ${tag} has the unknown type ${type}`);
    const count = this.#offset(field + 4);
    const inline = this.#big ? 8 : 4;
    const own = field + 4 + inline;
    const at = count * width <= inline ? own : this.#offset(own);
    this.#need(at, count * width, `field ${tag}`);
    this.#spend(count * width);
    if (type === ASCII) {
      // Descriptions can be whole XML documents; what is looked for stands early.
      const text = new TextDecoder().decode(this.bytes.subarray(at, at + Math.min(count, 1 << 20)));
      return text.split("\0", 1)[0]!;
    }
    const numbers = new Array<number>(count);
    for (let i = 0; i < count; i++) numbers[i] = this.#number(at + i * width, type);
    return numbers;
  }

  #number(at: number, type: number): number {
    const [view, little] = [this.#view, this.littleEndian];
    switch (type) {
      case 3:
        return view.getUint16(at, little);
      case 4:
      case 13:
        return view.getUint32(at, little);
      case 5:
        return view.getUint32(at, little) / view.getUint32(at + 4, little);
      case 6:
        return view.getInt8(at);
      case 8:
        return view.getInt16(at, little);
      case 9:
        return view.getInt32(at, little);
      case 10:
        return view.getInt32(at, little) / view.getInt32(at + 4, little);
      case 11:
        return view.getFloat32(at, little);
      case 12:
        return view.getFloat64(at, little);
      case 16:
      case 17:
      case 18:
        return this.#long(at);
      default:
        return view.getUint8(at);
    }
  }
}
