/** For tests only: DICOM files made up on the spot, right or wrong in every detail that a test asks for. */

/** A value: text for text VRs, numbers for binary ones, bytes as they are, items of a sequence. */
export type Value = string | number | number[] | Uint8Array | Elements[];
/** "ggggeeee" -> [value representation, value]. */
export type Elements = Record<string, [string, Value]>;

export interface WriteOptions {
  /** Default: explicit VR little endian. */
  transferSyntax?: string;
  preamble?: boolean;
  /** Sequences and items of undefined length with end marks instead of stated lengths. */
  undefinedLengths?: boolean;
}

const LONG = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const WIDTH: Record<string, number> = { US: 2, SS: 2, OW: 2, UL: 4, SL: 4, FL: 4, FD: 8 };

class Writer {
  readonly explicit: boolean;
  readonly littleEndian: boolean;
  readonly undefinedLengths: boolean;

  constructor(explicit: boolean, littleEndian: boolean, undefinedLengths: boolean) {
    this.explicit = explicit;
    this.littleEndian = littleEndian;
    this.undefinedLengths = undefinedLengths;
  }

  u16(value: number): number[] {
    const bytes = [value & 255, (value >> 8) & 255];
    return this.littleEndian ? bytes : bytes.reverse();
  }

  u32(value: number): number[] {
    const low = this.u16(value & 0xffff);
    const high = this.u16(value >>> 16);
    return this.littleEndian ? [...low, ...high] : [...high, ...low];
  }

  tag(tag: string): number[] {
    return [
      ...this.u16(Number.parseInt(tag.slice(0, 4), 16)),
      ...this.u16(Number.parseInt(tag.slice(4), 16)),
    ];
  }

  value(vr: string, value: Value): Uint8Array {
    if (value instanceof Uint8Array) return value;
    if (typeof value === "string") {
      const padded = value.length % 2 ? value + (vr === "UI" ? "\0" : " ") : value;
      return Uint8Array.from(padded, (c) => c.charCodeAt(0));
    }
    const numbers = typeof value === "number" ? [value] : (value as number[]);
    const width = WIDTH[vr]!;
    const view = new DataView(new ArrayBuffer(numbers.length * width));
    for (const [i, number] of numbers.entries()) {
      if (vr === "FL") view.setFloat32(i * 4, number, this.littleEndian);
      else if (vr === "FD") view.setFloat64(i * 8, number, this.littleEndian);
      else if (width === 2) view.setInt16(i * 2, number, this.littleEndian);
      else view.setInt32(i * 4, number, this.littleEndian);
    }
    return new Uint8Array(view.buffer);
  }

  sequence(items: Elements[]): Uint8Array {
    const parts = items.map((item) => {
      const body = this.elements(item);
      const length = this.undefinedLengths ? 0xffffffff : body.length;
      const end = this.undefinedLengths ? [...this.tag("FFFEE00D"), ...this.u32(0)] : [];
      return concat(this.tag("FFFEE000"), this.u32(length), body, end);
    });
    return concat(...parts, this.undefinedLengths ? [...this.tag("FFFEE0DD"), ...this.u32(0)] : []);
  }

  elements(elements: Elements): Uint8Array {
    const parts = Object.entries(elements)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([tag, [vr, value]]) => {
        const body = vr === "SQ" ? this.sequence(value as Elements[]) : this.value(vr, value);
        // Encapsulated pixel data bring their own items and end mark.
        const open = (vr === "SQ" && this.undefinedLengths) || (tag === "7FE00010" && isEncapsulated(body));
        const length = open ? 0xffffffff : body.length;
        const letters = [vr.charCodeAt(0), vr.charCodeAt(1)];
        if (!this.explicit) return concat(this.tag(tag), this.u32(length), body);
        if (LONG.has(vr)) return concat(this.tag(tag), letters, [0, 0], this.u32(length), body);
        return concat(this.tag(tag), letters, this.u16(length), body);
      });
    return concat(...parts);
  }
}

function isEncapsulated(body: Uint8Array): boolean {
  return body[0] === 0xfe && body[1] === 0xff && body[2] === 0x00 && body[3] === 0xe0;
}

export function concat(...parts: ArrayLike<number>[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A DICOM file of these elements. */
export function writeDicom(elements: Elements, options: WriteOptions = {}): Uint8Array {
  const { transferSyntax = "1.2.840.10008.1.2.1", preamble = true, undefinedLengths = false } = options;
  const meta = new Writer(true, true, false).elements({ "00020010": ["UI", transferSyntax] });
  const body = new Writer(
    transferSyntax !== "1.2.840.10008.1.2",
    transferSyntax !== "1.2.840.10008.1.2.2",
    undefinedLengths,
  ).elements(elements);
  const mark = new Uint8Array(132);
  mark.set([0x44, 0x49, 0x43, 0x4d], 128);
  return preamble ? concat(mark, meta, body) : body;
}

/** Encapsulated pixel data: an offset table (empty unless given) and these fragments. */
export function encapsulate(fragments: Uint8Array[], offsets: number[] = []): Uint8Array {
  const writer = new Writer(true, true, false);
  const item = (bytes: ArrayLike<number>) => concat(writer.tag("FFFEE000"), writer.u32(bytes.length), bytes);
  return concat(
    item(offsets.flatMap((offset) => writer.u32(offset))),
    ...fragments.map(item),
    writer.tag("FFFEE0DD"),
    writer.u32(0),
  );
}

/** Elements of a small CT slice, 4 columns x 3 rows, whose pixel (c, r) holds 10 * c + r; HU = stored - 1000. */
export function ctSlice(index: number, z: number, changes: Elements = {}): Elements {
  const pixels = Array.from({ length: 12 }, (_, i) => 10 * (i % 4) + Math.floor(i / 4) + 100 * index);
  return {
    "00080008": ["CS", "ORIGINAL\\PRIMARY\\AXIAL"],
    "00080016": ["UI", "1.2.840.10008.5.1.4.1.1.2"],
    "00080018": ["UI", `1.2.3.4.${index + 1}`],
    "00080060": ["CS", "CT"],
    "00100010": ["PN", "Doe^Jane"],
    "00180050": ["DS", "2"],
    "0020000E": ["UI", "1.2.3.5"],
    "00200013": ["IS", `${index + 1}`],
    "00200032": ["DS", `-10\\-20\\${z}`],
    "00200037": ["DS", "1\\0\\0\\0\\1\\0"],
    "00280002": ["US", 1],
    "00280004": ["CS", "MONOCHROME2"],
    "00280010": ["US", 3],
    "00280011": ["US", 4],
    "00280030": ["DS", "0.5\\0.75"],
    "00280100": ["US", 16],
    "00280101": ["US", 16],
    "00280102": ["US", 15],
    "00280103": ["US", 0],
    "00281052": ["DS", "-1000"],
    "00281053": ["DS", "1"],
    "7FE00010": ["OW", pixels],
    ...changes,
  };
}
