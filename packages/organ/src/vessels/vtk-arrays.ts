/**
 * The data arrays of VTK's XML files: written out, in base64 or appended (base64 or raw), packed by zlib or not
 * (https://docs.vtk.org/en/latest/vtk_file_formats/vtkxml_file_format.html).
 */
import { inputError, parseXml, type XmlElement } from "@viscera/core";
import { webDecompress } from "@viscera/scan";

export interface VtkFile {
  root: XmlElement;
  name: string;
  littleEndian: boolean;
  /** Bytes of a number in front of binary data. */
  headerBytes: 4 | 8;
  packed: boolean;
  appended: { bytes: Uint8Array; raw: boolean } | null;
}

export interface VtkArray {
  components: number;
  values: Float64Array;
}

/** Reads the frame of a file. Throws `input.xml`, `input.vtp`. */
export function openVtk(bytes: Uint8Array, name: string): VtkFile {
  const marker = indexOfText(bytes, "<AppendedData");
  const head = new TextDecoder().decode(marker < 0 ? bytes : bytes.subarray(0, marker));
  const root = parseXml(marker < 0 ? head : `${head}</VTKFile>`, name);
  if (root.name !== "VTKFile") throw bad(name, "it is no file of VTK's XML format");
  const compressor = root.attributes.get("compressor") ?? "";
  if (compressor !== "" && compressor !== "vtkZLibDataCompressor")
    throw bad(name, `its data are packed by ${compressor}`, "Write it with zlib compression or none.");
  let appended: VtkFile["appended"] = null;
  if (marker >= 0) {
    const rest = bytes.subarray(marker);
    const tag = new TextDecoder("latin1").decode(rest.subarray(0, 200));
    const from = rest.indexOf("_".charCodeAt(0), tag.indexOf(">"));
    if (from < 0) throw bad(name, "its appended data are missing");
    appended = { bytes: rest.subarray(from + 1), raw: /encoding\s*=\s*"raw"/.test(tag) };
  }
  return {
    root,
    name,
    littleEndian: root.attributes.get("byte_order") !== "BigEndian",
    headerBytes: root.attributes.get("header_type") === "UInt64" ? 8 : 4,
    packed: compressor !== "",
    appended,
  };
}

/** The numbers of a DataArray element. Throws `input.vtp`. */
export async function vtkArray(file: VtkFile, element: XmlElement): Promise<VtkArray> {
  const components = Number(element.attributes.get("NumberOfComponents") ?? 1);
  const title = `its array ${element.attributes.get("Name") ?? "without a name"}`;
  if (element.attributes.get("format") === "ascii") {
    const words = element.text.trim() === "" ? [] : element.text.trim().split(/\s+/);
    const values = Float64Array.from(words, Number);
    if (values.some(Number.isNaN)) throw bad(file.name, `${title} holds what is no number`);
    return { components, values };
  }
  const type = element.attributes.get("type") ?? "";
  const bytes = await binaryData(file, element, title);
  const width = Number(/(\d+)$/.exec(type)?.[1] ?? 0) / 8;
  const read = READERS[type];
  if (!read || bytes.length % width !== 0)
    throw bad(file.name, `${title} is of a type that is not read (${type})`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    components,
    values: Float64Array.from({ length: bytes.length / width }, (_, i) =>
      read(view, i * width, file.littleEndian),
    ),
  };
}

const READERS: Record<string, (view: DataView, at: number, little: boolean) => number> = {
  Int8: (v, at) => v.getInt8(at),
  UInt8: (v, at) => v.getUint8(at),
  Int16: (v, at, little) => v.getInt16(at, little),
  UInt16: (v, at, little) => v.getUint16(at, little),
  Int32: (v, at, little) => v.getInt32(at, little),
  UInt32: (v, at, little) => v.getUint32(at, little),
  Int64: (v, at, little) => Number(v.getBigInt64(at, little)),
  UInt64: (v, at, little) => Number(v.getBigUint64(at, little)),
  Float32: (v, at, little) => v.getFloat32(at, little),
  Float64: (v, at, little) => v.getFloat64(at, little),
};

/** Bytes at a place of the encoded data: `part(from, count)` decodes, from the start of a base64 run or of raw bytes. */
type Part = (from: number, count: number) => Uint8Array;

async function binaryData(file: VtkFile, element: XmlElement, title: string): Promise<Uint8Array> {
  const isAppended = element.attributes.get("format") === "appended";
  if (isAppended && !file.appended) throw bad(file.name, `${title} is missing`);
  const offset = Number(element.attributes.get("offset") ?? 0);
  const isRaw = isAppended && file.appended!.raw;
  let part: Part;
  if (isRaw) part = (from, count) => file.appended!.bytes.subarray(offset + from, offset + from + count);
  else {
    const text = isAppended
      ? new TextDecoder("latin1").decode(file.appended!.bytes.subarray(offset))
      : element.text.replace(/\s+/g, "");
    // `from` is in characters here.
    part = (from, count) =>
      decodeBase64(text.slice(from, from + 4 * Math.ceil(count / 3)), file.name).subarray(0, count);
  }
  /** What a run of bytes takes up in the encoded data. */
  const taken = (count: number) => (isRaw ? count : 4 * Math.ceil(count / 3));
  const n = file.headerBytes;
  const whole = (bytes: Uint8Array, count: number): Uint8Array => {
    if (bytes.length < count)
      throw bad(file.name, `${title} ends too early`, "The file seems to be cut short.");
    return bytes;
  };
  const numbers = (count: number, from = 0): number[] => {
    const bytes = whole(part(from, n * count), n * count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: count }, (_, i) =>
      n === 8
        ? Number(view.getBigUint64(8 * i, file.littleEndian))
        : view.getUint32(4 * i, file.littleEndian),
    );
  };
  if (!file.packed) {
    const [count = 0] = numbers(1);
    // Header and data are one run of base64.
    return whole(part(0, n + count), n + count).slice(n);
  }
  const [blocks = 0] = numbers(1);
  if (blocks === 0) return new Uint8Array(0);
  if (blocks > 1e6) throw bad(file.name, `${title} is damaged`);
  const sizes = numbers(3 + blocks).slice(3);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const data = whole(part(taken(n * (3 + blocks)), total), total);
  const out: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    out.push(await inflated(data.subarray(at, at + size), file.name, title));
    at += size;
  }
  return joined(out);
}

async function inflated(bytes: Uint8Array, name: string, title: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  async function* once() {
    yield bytes;
  }
  try {
    for await (const part of webDecompress(once(), "deflate", () => {})) parts.push(part);
  } catch (error) {
    throw bad(name, `${title} cannot be unpacked`, "The file seems to be damaged.", error);
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function decodeBase64(text: string, name: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (error) {
    throw bad(name, "its base64 data are damaged", "", error);
  }
}

function indexOfText(bytes: Uint8Array, text: string): number {
  const wanted = new TextEncoder().encode(text);
  for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1))
    if (wanted.every((value, i) => bytes[at + i] === value)) return at;
  return -1;
}

export function bad(name: string, what: string, hint = "", cause?: unknown) {
  return inputError("vtp", `${name} cannot be read as centrelines: ${what}.`, hint, cause);
}
