/** Frames of encapsulated pixel data (PS3.5 annex A.4): fragments, offset tables, and files without either. */
import { inputError } from "@viscera/core";
import type { DicomFile } from "./elements.js";

interface Fragment {
  /** Distance of the fragment's item tag from the first fragment's, as offset tables count. */
  offset: number;
  bytes: Uint8Array;
}

/** Fragments of the pixel data and the basic offset table before them. */
function readFragments(file: DicomFile, label: string): { table: number[]; fragments: Fragment[] } {
  const { bytes } = file;
  const { offset, length } = file.pixelData!;
  const end = length === null ? bytes.length : offset + length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: { at: number; from: number; to: number }[] = [];
  let at = offset;
  let ended = length !== null;
  while (at + 8 <= end) {
    const group = view.getUint16(at, true);
    const element = view.getUint16(at + 2, true);
    if (group === 0xfffe && element === 0xe0dd) {
      ended = true;
      break;
    }
    if (group !== 0xfffe || element !== 0xe000)
      throw inputError("dicom-damaged", `The compressed pixel data of ${label} are damaged.`);
    const size = view.getUint32(at + 4, true);
    if (size > end - at - 8) throw truncated(label);
    items.push({ at, from: at + 8, to: at + 8 + size });
    at += 8 + size;
  }
  if (!ended) throw truncated(label);
  const [head, ...rest] = items;
  if (!head || rest.length === 0) throw truncated(label);
  const table: number[] = [];
  for (let p = head.from; p + 4 <= head.to; p += 4) table.push(view.getUint32(p, true));
  return {
    table,
    fragments: rest.map(({ at, from, to }) => ({
      offset: at - rest[0]!.at,
      bytes: bytes.subarray(from, to),
    })),
  };
}

function truncated(label: string): Error {
  return inputError(
    "dicom-truncated",
    `The compressed pixel data of ${label} end too early: the file is cut off or damaged.`,
    "Copy the file again from its source.",
  );
}

/**
 * Compressed bytes of each of `frames` frames: by the extended or the basic offset table where there is one,
 * else one fragment a frame, else by the start marks of JPEG and JPEG 2000 streams.
 */
export function encapsulatedFrames(file: DicomFile, frames: number, label: string): Uint8Array[] {
  const { table, fragments } = readFragments(file, label);
  if (frames === 1) return [join(fragments)];
  const extended = file.dataset.numbers("ExtendedOffsetTable");
  for (const offsets of [extended, table]) {
    const starts = offsets.map((offset) => fragments.findIndex((fragment) => fragment.offset === offset));
    if (starts.length === frames && starts.every((start, i) => start >= (i === 0 ? 0 : starts[i - 1]! + 1)))
      return starts.map((start, i) => join(fragments.slice(start, starts[i + 1])));
  }
  if (fragments.length === frames) return fragments.map((fragment) => fragment.bytes);
  const starts = fragments.flatMap(({ bytes }, i) => (beginsStream(bytes) ? [i] : []));
  if (starts.length === frames && starts[0] === 0)
    return starts.map((start, i) => join(fragments.slice(start, starts[i + 1])));
  throw inputError(
    "dicom-frames",
    `The compressed pixel data of ${label} cannot be divided into its ${frames} frames.`,
    "Convert the file to an uncompressed transfer syntax with the software that wrote it.",
  );
}

/** Start of a JPEG or JPEG-LS image (SOI and another marker) or of a JPEG 2000 code stream (SOC, SIZ). */
function beginsStream(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff) return false;
  return bytes[1] === 0xd8 ? bytes[2] === 0xff : bytes[1] === 0x4f && bytes[2] === 0xff && bytes[3] === 0x51;
}

function join(fragments: readonly Fragment[]): Uint8Array {
  if (fragments.length === 1) return fragments[0]!.bytes;
  const joined = new Uint8Array(fragments.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of fragments) {
    joined.set(bytes, at);
    at += bytes.length;
  }
  return joined;
}
