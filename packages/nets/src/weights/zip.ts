/**
 * Directory of a zip archive (APPNOTE 6.3, with zip64), read without trusting it: nothing is allocated by a
 * claim that the archive's own length does not bear out.
 */
import { inputError } from "@viscera/core";
import { inflateSync } from "fflate";

/** Bytes that can be read at any place, such as a file. */
export interface ByteSource {
  size: number;
  /** Exactly `length` bytes from `offset`, both within the size. */
  read(offset: number, length: number): Uint8Array;
}

export function bytesAsSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

export interface ZipEntry {
  /** As stored, with / between folders. */
  name: string;
  kind: "file" | "folder" | "link";
  stored: boolean;
  compressedSize: number;
  size: number;
  crc32: number;
  /** Of the local header. */
  offset: number;
}

export interface ZipArchive {
  entries: ReadonlyMap<string, ZipEntry>;
  /** Where an entry's compressed bytes lie in the source. */
  locate(entry: ZipEntry): { offset: number; length: number };
  /** An entry's content: a view of the source where it is stored without compression. */
  read(entry: ZipEntry): Uint8Array;
}

const END = 0x06054b50;
const END_64_LOCATOR = 0x07064b50;
const END_64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_COMMENT = 0xffff;
/** Deflate cannot make more than this of a byte. */
const LARGEST_RATIO = 1032;

/** Throws `input.zip` for what is no whole archive, or one that is encrypted or lies about its sizes. */
export function openZip(source: ByteSource, name = "the archive"): ZipArchive {
  const broken = (why: string) =>
    inputError("zip", `${name} is not a whole zip archive: ${why}.`, "Copy or download it again.");
  const view = (offset: number, length: number) => {
    if (!(offset >= 0 && length >= 0 && offset + length <= source.size)) {
      throw broken("it ends in the middle");
    }
    const bytes = source.read(offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const directory = findDirectory(source.size, view, broken);
  const entries = readDirectory(view(directory.offset, directory.size), directory.count, name, broken);
  checkOverlaps([...entries.values()], directory.offset, broken);

  const locate = (entry: ZipEntry) => {
    const header = view(entry.offset, 30);
    if (header.getUint32(0, true) !== LOCAL) throw broken(`the entry ${entry.name} is missing`);
    const offset = entry.offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    if (offset + entry.compressedSize > directory.offset) throw broken(`the entry ${entry.name} is cut off`);
    return { offset, length: entry.compressedSize };
  };
  return {
    entries,
    locate,
    read(entry) {
      const { offset, length } = locate(entry);
      const content = source.read(offset, length);
      if (entry.stored) return content;
      let bytes: Uint8Array;
      try {
        bytes = inflateSync(content, { out: new Uint8Array(entry.size) });
      } catch (error) {
        throw broken(`the entry ${entry.name} cannot be unpacked (${(error as Error).message})`);
      }
      if (bytes.length !== entry.size || crc32(bytes) !== entry.crc32) {
        throw broken(`the entry ${entry.name} has the wrong checksum`);
      }
      return bytes;
    },
  };
}

type View = (offset: number, length: number) => DataView;
type Broken = (why: string) => Error;

function findDirectory(
  size: number,
  view: View,
  broken: Broken,
): { offset: number; size: number; count: number } {
  const tailSize = Math.min(size, 22 + LONGEST_COMMENT);
  const tailAt = size - tailSize;
  const tail = view(tailAt, tailSize);
  let end = tailSize - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) throw broken("its directory is missing, as when a download was cut off");
  let found = {
    count: tail.getUint16(end + 10, true),
    size: tail.getUint32(end + 12, true),
    offset: tail.getUint32(end + 16, true),
  };
  const locatorAt = tailAt + end - 20;
  if (locatorAt >= 0) {
    const locator = view(locatorAt, 20);
    if (locator.getUint32(0, true) === END_64_LOCATOR) {
      const record = view(wide(locator, 8), 56);
      if (record.getUint32(0, true) !== END_64) throw broken("its zip64 directory is missing");
      found = { count: wide(record, 32), size: wide(record, 40), offset: wide(record, 48) };
    }
  }
  if (found.count * 46 > found.size || found.offset + found.size > size) {
    throw broken("its directory claims more than there is");
  }
  return found;
}

function readDirectory(bytes: DataView, count: number, name: string, broken: Broken): Map<string, ZipEntry> {
  const text = new TextDecoder("utf-8", { ignoreBOM: true });
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.byteLength || bytes.getUint32(at, true) !== CENTRAL) {
      throw broken("its directory is damaged");
    }
    const nameLength = bytes.getUint16(at + 28, true);
    const extraLength = bytes.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + bytes.getUint16(at + 32, true);
    if (next > bytes.byteLength) throw broken("its directory is damaged");
    const entry: ZipEntry = {
      name: text.decode(new Uint8Array(bytes.buffer, bytes.byteOffset + at + 46, nameLength)),
      kind: "file",
      stored: bytes.getUint16(at + 10, true) === 0,
      crc32: bytes.getUint32(at + 16, true),
      compressedSize: bytes.getUint32(at + 20, true),
      size: bytes.getUint32(at + 24, true),
      offset: bytes.getUint32(at + 42, true),
    };
    widen(entry, bytes, at + 46 + nameLength, extraLength, broken);
    // Upper half of the external attributes: the Unix file mode.
    const mode = bytes.getUint32(at + 38, true) >>> 16;
    if ((mode & 0xf000) === 0xa000) entry.kind = "link";
    else if (entry.name.endsWith("/")) entry.kind = "folder";
    const method = bytes.getUint16(at + 10, true);
    if (bytes.getUint16(at + 8, true) & 1) {
      throw inputError("zip", `The entry ${entry.name} of ${name} is encrypted.`, "Unpack it first.");
    }
    if (method !== 0 && method !== 8) {
      throw inputError(
        "zip",
        `The entry ${entry.name} of ${name} is compressed by method ${method}, which is not supported.`,
        "Unpack it first, or pack it with the usual deflate.",
      );
    }
    if (
      entry.stored ? entry.size !== entry.compressedSize : entry.size > entry.compressedSize * LARGEST_RATIO
    ) {
      throw broken(`the entry ${entry.name} claims a size it cannot have`);
    }
    if (entries.has(entry.name)) throw broken(`the entry ${entry.name} occurs twice`);
    entries.set(entry.name, entry);
    at = next;
  }
  return entries;
}

/** Takes sizes and place from the zip64 extra field where the 32-bit ones are full. */
function widen(entry: ZipEntry, bytes: DataView, start: number, length: number, broken: Broken): void {
  const full = 0xffffffff;
  const wanted = (["size", "compressedSize", "offset"] as const).filter((key) => entry[key] === full);
  if (wanted.length === 0) return;
  for (let at = start; at + 4 <= start + length; at += 4 + bytes.getUint16(at + 2, true)) {
    if (bytes.getUint16(at, true) !== 1) continue;
    if (4 + 8 * wanted.length > start + length - at) break;
    wanted.forEach((key, i) => {
      entry[key] = wide(bytes, at + 4 + 8 * i);
    });
    return;
  }
  throw broken(`the entry ${entry.name} has no zip64 sizes`);
}

/** Entries that share bytes are how a small archive becomes a huge one. */
function checkOverlaps(entries: ZipEntry[], end: number, broken: Broken): void {
  entries.sort((a, b) => a.offset - b.offset);
  entries.forEach(({ name, offset, compressedSize }, i) => {
    if (offset + 30 + compressedSize > (entries[i + 1]?.offset ?? end)) {
      throw broken(`the entry ${name} reaches into the next`);
    }
  });
}

function wide(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 of zip and gzip; `previous` continues over several parts. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
