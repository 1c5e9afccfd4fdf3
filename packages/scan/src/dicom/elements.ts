/**
 * The data elements of a DICOM file (PS3.5 section 7, PS3.10 section 7): explicit and implicit VR, both byte
 * orders, deflated, with or without preamble. Only the attributes of `attributes.ts` are kept; values are
 * copied, so a header does not hold on to its file. Reading stops at the pixel data, whose place is noted.
 *
 * Written here because dcmjs does not tell where the pixel data start, rejects files without preamble or
 * with a character set it does not know, and reads OV, OL and SV elements with a wrong length.
 */
import { inputError } from "@viscera/core";
import { inflateSync } from "fflate";
import { type Attribute, attributeOf, tagText } from "./attributes.js";
import { Dataset } from "./dataset.js";

export const IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2";
const EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1";
const DEFLATED_LITTLE_ENDIAN = "1.2.840.10008.1.2.1.99";
export const EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2";

const PIXEL_DATA = 0x7fe00010;
const FLOAT_PIXEL_DATA = 0x7fe00008;
const DOUBLE_PIXEL_DATA = 0x7fe00009;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const UNDEFINED_LENGTH = 0xffffffff;
/** Value representations with a 32-bit length field (PS3.5 table 7.1-1). */
const LONG_VR = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
/** Real files nest half a dozen levels; a hostile one must not overflow the stack. */
const MAX_DEPTH = 24;

/** Where the pixels are in `bytes`. `length` null: encapsulated fragments of unknown total length. */
export interface PixelDataPlace {
  kind: "integer" | "float" | "double";
  offset: number;
  length: number | null;
  /** As written; "UN" in implicit VR. */
  vr: string;
}

export interface DicomFile {
  transferSyntax: string;
  littleEndian: boolean;
  dataset: Dataset;
  /** The bytes that `pixelData` points into: the file, or what it inflates to. */
  bytes: Uint8Array;
  pixelData: PixelDataPlace | null;
}

/** Start of the first data element: 132 after a preamble, 0 without one, -1 when this is no DICOM file. */
function startOf(bytes: Uint8Array): number {
  const magic = (at: number) =>
    bytes[at] === 0x44 && bytes[at + 1] === 0x49 && bytes[at + 2] === 0x43 && bytes[at + 3] === 0x4d;
  if (magic(128)) return 132;
  if (bytes.length < 16) return -1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Without preamble the first element is of group 0002 or 0008, its element number is small and its
  // length, where a VR does not stand in its place, fits the file.
  for (const littleEndian of [true, false]) {
    const group = view.getUint16(0, littleEndian);
    const element = view.getUint16(2, littleEndian);
    if ((group !== 2 && group !== 8) || element > 0x0100) continue;
    if (isVr(bytes, 4)) return 0;
    if (littleEndian && view.getUint32(4, true) <= Math.min(256, bytes.length - 8)) return 0;
  }
  return -1;
}

/** True when the bytes begin like a DICOM file: the DICM mark, or a plausible first element without it. */
export function looksLikeDicom(bytes: Uint8Array): boolean {
  return startOf(bytes) >= 0;
}

function isVr(bytes: Uint8Array, at: number): boolean {
  const capital = (c: number | undefined) => c !== undefined && c >= 0x41 && c <= 0x5a;
  return capital(bytes[at]) && capital(bytes[at + 1]);
}

interface Encoding {
  explicit: boolean;
  littleEndian: boolean;
}

class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly label: string;
  pixelData: PixelDataPlace | null = null;

  constructor(bytes: Uint8Array, label: string) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.label = label;
  }

  truncated(tag: number): Error {
    return inputError(
      "dicom-truncated",
      `${this.label} ends in the middle of the element ${tagText(tag)}: the file is cut off or damaged.`,
      "Copy the file again from its source.",
    );
  }

  /**
   * Reads elements from `at` up to `end`, into `into` where given. `stop` says at which tag to return
   * without reading it. Returns the position after the last element read.
   */
  elements(
    at: number,
    end: number,
    encoding: Encoding,
    into: Dataset | null,
    depth: number,
    stop: (tag: number) => boolean,
  ): number {
    if (depth > MAX_DEPTH)
      throw inputError("dicom-damaged", `${this.label} nests sequences deeper than any real file.`);
    let position = at;
    while (position + 8 <= end) {
      const tag = this.tagAt(position, encoding);
      if (tag === ITEM_END) return position + 8;
      if (tag === SEQUENCE_END || stop(tag)) return position;
      const { vr, length, valueAt } = this.header(position, end, tag, encoding);
      if (depth === 0 && (tag === PIXEL_DATA || tag === FLOAT_PIXEL_DATA || tag === DOUBLE_PIXEL_DATA)) {
        const kind = tag === PIXEL_DATA ? "integer" : tag === FLOAT_PIXEL_DATA ? "float" : "double";
        this.pixelData = { kind, offset: valueAt, length: length === UNDEFINED_LENGTH ? null : length, vr };
        return valueAt;
      }
      position = this.value(tag, vr, length, valueAt, end, encoding, into, depth);
    }
    return end;
  }

  private tagAt(at: number, { littleEndian }: Encoding): number {
    return this.view.getUint16(at, littleEndian) * 65536 + this.view.getUint16(at + 2, littleEndian);
  }

  private header(at: number, end: number, tag: number, { explicit, littleEndian }: Encoding) {
    if (!explicit || tag === ITEM)
      return {
        vr: attributeOf(tag)?.vr ?? "UN",
        length: this.view.getUint32(at + 4, littleEndian),
        valueAt: at + 8,
      };
    if (!isVr(this.bytes, at + 4))
      throw inputError(
        "dicom-damaged",
        `${this.label} has an element ${tagText(tag)} without a value representation: the file is damaged.`,
        "Copy the file again from its source.",
      );
    const vr = String.fromCharCode(this.bytes[at + 4]!, this.bytes[at + 5]!);
    if (!LONG_VR.has(vr)) return { vr, length: this.view.getUint16(at + 6, littleEndian), valueAt: at + 8 };
    if (at + 12 > end) throw this.truncated(tag);
    return { vr, length: this.view.getUint32(at + 8, littleEndian), valueAt: at + 12 };
  }

  /** Keeps or steps over one value; returns the position after it. */
  private value(
    tag: number,
    vr: string,
    length: number,
    at: number,
    end: number,
    encoding: Encoding,
    into: Dataset | null,
    depth: number,
  ): number {
    const wanted = into ? attributeOf(tag) : undefined;
    if (length === UNDEFINED_LENGTH) {
      // A UN of undefined length is a sequence in implicit little endian (PS3.5 section 6.2.2 note).
      const inner = vr === "UN" && encoding.explicit ? { explicit: false, littleEndian: true } : encoding;
      return this.items(tag, at, end, inner, wanted ? into : null, wanted?.keyword, depth);
    }
    if (length > end - at) throw this.truncated(tag);
    if (wanted && into) {
      if (wanted.vr === "SQ") {
        const inner = vr === "UN" && encoding.explicit ? { explicit: false, littleEndian: true } : encoding;
        this.items(tag, at, at + length, inner, into, wanted.keyword, depth);
      } else {
        const known = vr === "UN" ? wanted.vr : vr;
        into.set(wanted.keyword, known, this.bytes.slice(at, at + length), encoding.littleEndian);
      }
    }
    return at + length;
  }

  /** Reads the items of a sequence (or steps over fragments) and its end mark; returns the position after. */
  private items(
    tag: number,
    at: number,
    end: number,
    encoding: Encoding,
    into: Dataset | null,
    keyword: Attribute | undefined,
    depth: number,
  ): number {
    let position = at;
    while (position + 8 <= end) {
      const itemTag = this.tagAt(position, encoding);
      const length = this.view.getUint32(position + 4, encoding.littleEndian);
      position += 8;
      if (itemTag === SEQUENCE_END) return position;
      if (itemTag !== ITEM)
        throw inputError(
          "dicom-damaged",
          `${this.label} has something other than items in the sequence ${tagText(tag)}: the file is damaged.`,
          "Copy the file again from its source.",
        );
      const dataset = into && keyword ? into.addItem(keyword) : null;
      if (length === UNDEFINED_LENGTH) {
        position = this.elements(position, end, encoding, dataset, depth + 1, () => false);
      } else {
        if (length > end - position) throw this.truncated(tag);
        if (dataset) this.elements(position, position + length, encoding, dataset, depth + 1, () => false);
        position += length;
      }
    }
    return end;
  }
}

/**
 * Reads a file's header. `label` names the file in messages (a base name, no path).
 * @throws `input.dicom-*` for what is not DICOM, cut off or damaged; never allocates by a length it has not checked.
 */
export function parseDicom(source: Uint8Array, label: string): DicomFile {
  // A plain view: slice() of Node's Buffer would not copy.
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const start = startOf(bytes);
  if (start < 0) throw inputError("dicom-not", `${label} is not a DICOM file.`);
  const reader = new Reader(bytes, label);
  const meta = new Dataset();
  let position = start;
  if (bytes.length >= start + 8 && reader.view.getUint16(start, true) === 2)
    position = reader.elements(
      start,
      bytes.length,
      { explicit: isVr(bytes, start + 4), littleEndian: true },
      meta,
      0,
      (tag) => tag >>> 16 !== 2,
    );
  const declared = meta.text("TransferSyntaxUID");
  if (declared === DEFLATED_LITTLE_ENDIAN) {
    const inflated = inflate(bytes.subarray(position), label);
    return readDataset(new Reader(inflated, label), 0, declared, { explicit: true, littleEndian: true });
  }
  const littleEndian =
    declared !== EXPLICIT_BIG_ENDIAN &&
    !(declared === null && bytes[position] === 0 && bytes[position + 1] !== 0);
  // Some writers declare one and write the other; the first element tells.
  const explicit = isVr(bytes, position + 4);
  const guessed = explicit
    ? littleEndian
      ? EXPLICIT_LITTLE_ENDIAN
      : EXPLICIT_BIG_ENDIAN
    : IMPLICIT_LITTLE_ENDIAN;
  return readDataset(reader, position, declared ?? guessed, { explicit, littleEndian });
}

function readDataset(reader: Reader, at: number, transferSyntax: string, encoding: Encoding): DicomFile {
  const dataset = new Dataset();
  reader.elements(at, reader.bytes.length, encoding, dataset, 0, () => false);
  return {
    transferSyntax,
    littleEndian: encoding.littleEndian,
    dataset,
    bytes: reader.bytes,
    pixelData: reader.pixelData,
  };
}

function inflate(bytes: Uint8Array, label: string): Uint8Array {
  try {
    return inflateSync(bytes);
  } catch (cause) {
    throw inputError(
      "dicom-truncated",
      `The deflated data of ${label} cannot be unpacked: the file is cut off or damaged.`,
      "Copy the file again from its source.",
      cause,
    );
  }
}
