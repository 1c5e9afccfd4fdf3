import type { Attribute } from "./attributes.js";

interface Value {
  vr: string;
  bytes: Uint8Array;
  littleEndian: boolean;
}

/** The kept attributes of one data set or sequence item, decoded when asked for. */
export class Dataset {
  private readonly values = new Map<Attribute, Value>();
  private readonly sequences = new Map<Attribute, Dataset[]>();

  set(keyword: Attribute, vr: string, bytes: Uint8Array, littleEndian: boolean): void {
    this.values.set(keyword, { vr, bytes, littleEndian });
  }

  addItem(keyword: Attribute): Dataset {
    const item = new Dataset();
    const items = this.sequences.get(keyword);
    if (items) items.push(item);
    else this.sequences.set(keyword, [item]);
    return item;
  }

  /** Items of a sequence; none where it is missing. */
  items(keyword: Attribute): readonly Dataset[] {
    return this.sequences.get(keyword) ?? [];
  }

  /** All values of a text attribute, trimmed of padding; none where it is missing or empty. */
  texts(keyword: Attribute): string[] {
    const value = this.values.get(keyword);
    if (!value) return [];
    let text = "";
    for (const c of value.bytes) text += String.fromCharCode(c);
    const trimmed = text.replace(/^[\s\0]+|[\s\0]+$/g, "");
    return trimmed === "" ? [] : trimmed.split("\\").map((part) => part.trim());
  }

  /** First value of a text attribute, null where it is missing or empty. */
  text(keyword: Attribute): string | null {
    return this.texts(keyword)[0] || null;
  }

  /** All values of a numeric attribute, text (DS, IS) or binary; NaN for a value that is no number. */
  numbers(keyword: Attribute): number[] {
    const value = this.values.get(keyword);
    if (!value) return [];
    const read = BINARY[value.vr];
    if (!read) return this.texts(keyword).map((part) => (part === "" ? Number.NaN : Number(part)));
    const { bytes, littleEndian } = value;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out: number[] = [];
    for (let at = 0; at + read.size <= bytes.length; at += read.size)
      out.push(read.at(view, at, littleEndian));
    return out;
  }

  /** First value of a numeric attribute; null where it is missing or no finite number. */
  number(keyword: Attribute): number | null {
    const value = this.numbers(keyword)[0];
    return value !== undefined && Number.isFinite(value) ? value : null;
  }

  /** Raw bytes of an attribute and their order. */
  raw(keyword: Attribute): { bytes: Uint8Array; littleEndian: boolean } | null {
    return this.values.get(keyword) ?? null;
  }
}

interface BinaryReader {
  size: number;
  at(view: DataView, offset: number, littleEndian: boolean): number;
}

const U16: BinaryReader = { size: 2, at: (view, offset, le) => view.getUint16(offset, le) };
const BINARY: Record<string, BinaryReader> = {
  US: U16,
  OW: U16,
  SS: { size: 2, at: (view, offset, le) => view.getInt16(offset, le) },
  UL: { size: 4, at: (view, offset, le) => view.getUint32(offset, le) },
  SL: { size: 4, at: (view, offset, le) => view.getInt32(offset, le) },
  FL: { size: 4, at: (view, offset, le) => view.getFloat32(offset, le) },
  FD: { size: 8, at: (view, offset, le) => view.getFloat64(offset, le) },
  OV: { size: 8, at: (view, offset, le) => Number(view.getBigUint64(offset, le)) },
};
