import { failedError, inputError, throwIfCancelled, type VoxelArray } from "@viscera/core";
import { ByteReader, LINE_TOO_LONG } from "./byte-reader.js";
import { LARGEST_DEFLATE_RATIO, unpack } from "./compression.js";
import type { Compression, FileSource, ReadImageOptions } from "./source.js";
import { BYTES_OF, numbersOf, swapBytes, type VoxelType } from "./voxel-type.js";

/** How the numbers of an image lie in its file. */
export interface VoxelLayout {
  type: VoxelType;
  littleEndian: boolean;
  /** Numbers, channels included. */
  count: number;
  encoding: "raw" | "ascii" | "hex" | Compression;
  /** Bytes before the numbers, counted after unpacking; "end" when they are the file's last ones. */
  skipBytes: number | "end";
}

/** The file that holds the numbers, opened and read up to where they (or bytes to skip) begin. */
export interface VoxelFile {
  name: string;
  /** Bytes on disk from here on, an upper bound. */
  available: number;
  /** The whole file is packed, so that `available` counts packed bytes. */
  packed: boolean;
  reader: ByteReader;
}

/** Opens a file at its start, unpacking it where it is gzip by its first bytes. */
export async function openFile(
  source: FileSource,
  options: ReadImageOptions,
  warnings: string[],
): Promise<VoxelFile> {
  const { name, size } = source;
  const reader = new ByteReader(source.stream());
  const [first, second] = await reader.peek(2);
  const packed = first === 0x1f && second === 0x8b;
  if (!packed) return { name, available: size, packed, reader };
  const bytes = reader.rest();
  return {
    name,
    available: size,
    packed,
    reader: new ByteReader(unpack({ bytes, format: "gzip", name }, options, warnings)),
  };
}

const PROGRESS_STEP = 1 << 22;

/** Bytes for a person: "315 MB". */
export function describeBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let power = 0;
  let value = bytes;
  while (value >= 1000 && power < units.length - 1) {
    value /= 1000;
    power++;
  }
  return `${power === 0 ? value : value.toPrecision(3)} ${power === 0 && value === 1 ? "byte" : units[power]}`;
}

/** Refuses a header whose claim cannot be true, before memory is taken for it. */
function checkClaim(file: VoxelFile, layout: VoxelLayout): void {
  const { count, type, encoding } = layout;
  const fewestBytes = {
    raw: count * BYTES_OF[type],
    gzip: count * BYTES_OF[type],
    deflate: count * BYTES_OF[type],
    hex: 2 * count * BYTES_OF[type],
    ascii: 2 * count - 1,
  }[encoding];
  const packed = file.packed || encoding === "gzip" || encoding === "deflate";
  if (fewestBytes > file.available * (packed ? LARGEST_DEFLATE_RATIO : 1)) {
    throw truncated(file.name, fewestBytes, file.available, packed ? "compressed " : "");
  }
}

function truncated(name: string, needed: number, found: number, kind = ""): Error {
  return inputError(
    "truncated",
    `${name} is cut short: its header promises ${describeBytes(needed)} of voxels, but only ${describeBytes(found)} of ${kind}data follow.`,
    "Copy or download the file again.",
  );
}

/** Memory for a checked claim; pages are only taken as they are written. */
export function allocate(bytes: number, name: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (error) {
    throw failedError(
      "memory",
      `${name} needs ${describeBytes(bytes)} of memory, which is more than can be had.`,
      "Crop or resample the image, or use a machine with more memory.",
      error,
    );
  }
}

/** Reads the numbers; trailing bytes are reported in `warnings`. Closes the reader. */
export async function readVoxels(
  file: VoxelFile,
  layout: VoxelLayout,
  options: ReadImageOptions,
  warnings: string[],
): Promise<VoxelArray> {
  checkClaim(file, layout);
  const { encoding } = layout;
  const reader =
    encoding === "gzip" || encoding === "deflate"
      ? new ByteReader(
          unpack({ bytes: file.reader.rest(), format: encoding, name: file.name }, options, warnings),
        )
      : file.reader;
  try {
    const byteCount = layout.count * BYTES_OF[layout.type];
    const skip = layout.skipBytes === "end" ? Math.max(0, file.available - byteCount) : layout.skipBytes;
    await reader.skip(skip);
    if (encoding === "ascii") return await readText(reader, file, layout, options);
    const bytes = allocate(byteCount, file.name);
    const found =
      encoding === "hex"
        ? await readHex(reader, bytes, file.name, options)
        : await reader.readInto(bytes, reporter(options, file.name, byteCount));
    if (found < byteCount) throw truncated(file.name, byteCount, found);
    await checkRest(reader, encoding === "hex", options, warnings);
    if (!layout.littleEndian) swapBytes(bytes, BYTES_OF[layout.type]);
    return numbersOf(bytes, layout.type);
  } finally {
    await reader.close();
  }
}

export function reporter(options: ReadImageOptions, name: string, total: number): (done: number) => void {
  let next = 0;
  return (done) => {
    if (done < next && done < total) return;
    next = done + PROGRESS_STEP;
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: `Reading ${name}`, done, total });
  };
}

/** So much is looked at after the voxels; more than this is a mistake or a trap. */
const LONGEST_REST = 1 << 26;

/** Reads on to the end, so that a checksum after the voxels is checked too. */
async function checkRest(
  reader: ByteReader,
  whiteSpaceOnly: boolean,
  options: ReadImageOptions,
  warnings: string[],
): Promise<void> {
  let left = 0;
  for await (const chunk of reader.rest()) {
    throwIfCancelled(options.signal);
    left += whiteSpaceOnly ? chunk.filter((byte) => byte > 32).length : chunk.length;
    if (left > LONGEST_REST) break;
  }
  if (left > 0) {
    const amount = `${left > LONGEST_REST ? "more than " : ""}${describeBytes(Math.min(left, LONGEST_REST))}`;
    warnings.push(`The file has ${amount} after its voxels, which were not looked at.`);
  }
}

/** Numbers written as text, parted by white space or commas. */
async function readText(
  reader: ByteReader,
  file: VoxelFile,
  layout: VoxelLayout,
  options: ReadImageOptions,
): Promise<VoxelArray> {
  const wide = layout.type === "int64" || layout.type === "uint64";
  const type = wide ? "float64" : layout.type;
  const out = numbersOf(allocate(layout.count * BYTES_OF[type], file.name), type);
  const report = reporter(options, file.name, layout.count);
  let done = 0;
  const put = (text: string) => {
    for (const token of text.split(/[\s,]+/)) {
      if (token === "" || done === layout.count) continue;
      const value = /^[-+]?(nan|inf)/i.test(token) ? parseSpecial(token) : Number(token);
      if (Number.isNaN(value) && !/nan/i.test(token)) {
        throw inputError(
          "corrupt",
          `${file.name} has "${token.slice(0, 40)}" where a voxel value should stand.`,
        );
      }
      out[done++] = value;
    }
    report(done);
  };
  let tail = "";
  const decoder = new TextDecoder("ascii");
  for await (const chunk of reader.rest()) {
    for (let start = 0; start < chunk.length; start += 1 << 16) {
      const text = tail + decoder.decode(chunk.subarray(start, start + (1 << 16)));
      const end = Math.max(text.search(/[\s,][^\s,]*$/), -1) + 1;
      tail = text.slice(end);
      if (tail.length > 400) {
        throw inputError("corrupt", `${file.name} has no readable numbers where its voxels should be.`);
      }
      put(text.slice(0, end));
    }
  }
  put(tail);
  if (done < layout.count) {
    throw inputError(
      "truncated",
      `${file.name} is cut short: its header promises ${layout.count} numbers, but only ${done} follow.`,
      "Copy or download the file again.",
    );
  }
  return out;
}

function parseSpecial(token: string): number {
  if (/nan/i.test(token)) return Number.NaN;
  return token.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Two hexadecimal digits a byte, white space ignored. Returns how many bytes there were. */
async function readHex(
  reader: ByteReader,
  bytes: Uint8Array,
  name: string,
  options: ReadImageOptions,
): Promise<number> {
  const report = reporter(options, name, bytes.length);
  let digits = 0;
  while (digits < 2 * bytes.length) {
    const chunk = await reader.take(Math.min(1 << 16, 2 * bytes.length - digits));
    if (chunk.length === 0) break;
    for (const byte of chunk) {
      if (byte <= 32) continue;
      const digit = Number.parseInt(String.fromCharCode(byte), 16);
      if (Number.isNaN(digit)) {
        throw inputError("corrupt", `${name} has a byte that is no hexadecimal digit among its voxels.`);
      }
      bytes[digits >> 1]! |= digits & 1 ? digit : digit << 4;
      digits++;
    }
    report(digits >> 1);
  }
  return digits >> 1;
}

/**
 * A line of a text header; throws `input.corrupt` when it is absurdly long, null at the end of the file.
 * Headers of images are small, so a long line means that the file is something else.
 */
export async function headerLine(reader: ByteReader, name: string): Promise<string | null> {
  const line = await reader.line(1 << 20);
  if (line === LINE_TOO_LONG) {
    throw inputError("corrupt", `${name} has a header line longer than a megabyte, so it is damaged.`);
  }
  return line;
}
