/** Strips and tiles of a TIFF, unpacked into memory of known size. */
import { unzlibSync } from "fflate";
import { BYTES_OF, swapBytes } from "../image/voxel-type.js";
import type { PageLayout } from "./layout.js";
import { cutShort, damaged } from "./tags.js";

/**
 * Unpacks a strip or tile whose numbers fill `out`, as little-endian numbers. What is packed beyond that is left.
 * Throws `input.truncated` where it gives fewer bytes, `input.corrupt` where it cannot be unpacked.
 */
export function unpackTile(
  packed: Uint8Array,
  out: Uint8Array<ArrayBuffer>,
  layout: PageLayout,
  littleEndian: boolean,
  where: { name: string; what: string },
): void {
  const { compression, predictor, type } = layout;
  const width = BYTES_OF[type];
  let done = 0;
  if (compression === "none") {
    out.set(packed.subarray(0, out.length));
    done = Math.min(packed.length, out.length);
  } else if (compression === "lzw") done = unpackLzw(packed, out, where);
  else if (compression === "packbits") done = unpackBits(packed, out);
  else done = inflateTile(packed, out, where);
  if (done < out.length) {
    throw cutShort(where.name, `${where.what} gives ${done} bytes of numbers instead of ${out.length}`);
  }
  const rowBytes = layout.tileWidth * width;
  if (predictor === 3) undoFloatDifferences(out, rowBytes, width);
  else if (!littleEndian) swapBytes(out, width);
  if (predictor === 2) undoDifferences(out, layout.tileWidth, width);
}

/** A zlib stream; its checksum is checked where it is all there is. */
function inflateTile(
  packed: Uint8Array,
  out: Uint8Array<ArrayBuffer>,
  { name, what }: { name: string; what: string },
): number {
  let found: Uint8Array;
  try {
    // With `out` given, fflate neither grows it nor writes behind it.
    found = unzlibSync(packed, { out });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw /EOF/i.test(reason)
      ? cutShort(name, `${what} ends in the middle of its compressed data`)
      : damaged(name, `${what} cannot be unpacked (${reason})`);
  }
  if (found.length >= out.length && adler32(out) !== endOf(packed)) {
    throw damaged(name, `the checksum of ${what} is wrong`);
  }
  return found.length;
}

const endOf = (bytes: Uint8Array) =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(bytes.length - 4);

/** Adler-32 (RFC 1950). 5552 is the most sums that stay below 2^32. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length; ) {
    for (const end = Math.min(bytes.length, at + 5552); at < end; at++) {
      a += bytes[at]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}

/** PackBits: runs of one byte and stretches of literal ones. */
function unpackBits(packed: Uint8Array, out: Uint8Array): number {
  let done = 0;
  for (let at = 0; at < packed.length && done < out.length; ) {
    const head = packed[at++]!;
    if (head < 128) {
      const literal = packed.subarray(at, at + Math.min(head + 1, out.length - done));
      out.set(literal, done);
      done += literal.length;
      at += head + 1;
    } else if (head > 128) {
      if (at >= packed.length) break;
      const end = Math.min(out.length, done + 257 - head);
      out.fill(packed[at++]!, done, end);
      done = end;
    }
  }
  return done;
}

const CLEAR = 256;
const END = 257;

/**
 * LZW as TIFF has it: codes of 9 to 12 bits from the highest bit on, widened one code early. Entries are kept as the
 * place in `out` where they were written and their length, for every entry was written there once.
 */
function unpackLzw(
  packed: Uint8Array,
  out: Uint8Array,
  { name, what }: { name: string; what: string },
): number {
  if (packed[0] === 0 && packed[1]! & 1) {
    throw damaged(name, `${what} is packed by the LZW of TIFF before version 6, which cannot be read`);
  }
  const starts = new Int32Array(4096);
  const lengths = new Int32Array(4096);
  let next = 258;
  let bits = 9;
  let buffer = 0;
  let held = 0;
  let done = 0;
  let before = -1;
  let beforeStart = 0;
  let beforeLength = 0;
  for (let at = 0; done < out.length; ) {
    while (held < bits && at < packed.length) {
      buffer = ((buffer << 8) | packed[at++]!) & 0xffffff;
      held += 8;
    }
    if (held < bits) break;
    held -= bits;
    const code = (buffer >> held) & ((1 << bits) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      next = 258;
      bits = 9;
      before = -1;
      continue;
    }
    const known = code < 256 || (code >= 258 && code < next);
    // The one entry not known yet: the last one and its own first byte again.
    if (!known && !(code === next && before >= 0 && next < 4096)) {
      throw damaged(name, `${what} has an LZW code that stands for nothing`);
    }
    const start = done;
    const length = code < 256 ? 1 : known ? lengths[code]! : beforeLength + 1;
    if (code < 256) out[done] = code;
    else {
      const from = known ? starts[code]! : beforeStart;
      const end = Math.min(length, out.length - done);
      for (let i = 0; i < end; i++) out[done + i] = out[from + i]!;
    }
    done += length;
    if (before >= 0 && next < 4096) {
      // What was written last and the byte after it, which lies there by now.
      starts[next] = beforeStart;
      lengths[next] = beforeLength + 1;
      next++;
    }
    before = code;
    beforeStart = start;
    beforeLength = length;
    if (next + 1 >= 1 << bits && bits < 12) bits++;
  }
  return Math.min(done, out.length);
}

/** Predictor 2: each number is the difference to the one before it in its row. */
function undoDifferences(bytes: Uint8Array<ArrayBuffer>, columns: number, width: number): void {
  const { buffer, byteOffset } = bytes;
  const count = bytes.length / width;
  const numbers =
    width === 1
      ? bytes
      : width === 2
        ? new Uint16Array(buffer, byteOffset, count)
        : new Uint32Array(buffer, byteOffset, count);
  for (let row = 0; row < count; row += columns) {
    for (let i = row + 1; i < row + columns; i++) numbers[i] = numbers[i]! + numbers[i - 1]!;
  }
}

/** Predictor 3: a row's highest bytes first, then the next ones, each the difference to the byte before it. */
function undoFloatDifferences(bytes: Uint8Array, rowBytes: number, width: number): void {
  const columns = rowBytes / width;
  const planes = new Uint8Array(rowBytes);
  for (let row = 0; row < bytes.length; row += rowBytes) {
    for (let i = 0, sum = 0; i < rowBytes; i++) {
      sum = (sum + bytes[row + i]!) & 255;
      planes[i] = sum;
    }
    for (let i = 0; i < columns; i++) {
      for (let b = 0; b < width; b++) bytes[row + i * width + b] = planes[(width - 1 - b) * columns + i]!;
    }
  }
}
