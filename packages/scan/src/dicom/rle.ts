/** RLE lossless frames (PS3.5 annex G): one segment for each byte of each sample, most significant first. */
import { inputError } from "@viscera/core";

/**
 * Decodes a frame to little-endian samples, interleaved by channel.
 * @param pixels number of pixels; @param channels samples a pixel; @param bytesPerSample 1, 2 or 4
 */
export function decodeRle(
  bytes: Uint8Array,
  pixels: number,
  channels: number,
  bytesPerSample: number,
  label: string,
): Uint8Array {
  const segments = channels * bytesPerSample;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0, true) !== segments)
    throw inputError(
      "dicom-damaged",
      `The RLE header of ${label} does not fit its image: the file is damaged.`,
    );
  const out = new Uint8Array(pixels * segments);
  for (let s = 0; s < segments; s++) {
    const from = view.getUint32(4 + 4 * s, true);
    const to = s + 1 < segments ? view.getUint32(8 + 4 * s, true) : bytes.length;
    const channel = Math.floor(s / bytesPerSample);
    const byte = bytesPerSample - 1 - (s % bytesPerSample);
    const filled =
      from >= 64 && from <= to && to <= bytes.length
        ? decodeSegment(bytes.subarray(from, to), out, channel * bytesPerSample + byte, segments, pixels)
        : 0;
    if (filled < pixels)
      throw inputError(
        "dicom-truncated",
        `The RLE data of ${label} end too early: the file is cut off or damaged.`,
        "Copy the file again from its source.",
      );
  }
  return out;
}

/** Unpacks one segment into every `stride`-th byte of `out`; returns how many it filled, at most `count`. */
function decodeSegment(
  bytes: Uint8Array,
  out: Uint8Array,
  first: number,
  stride: number,
  count: number,
): number {
  let filled = 0;
  let at = 0;
  let to = first;
  while (filled < count && at < bytes.length) {
    const n = bytes[at++]!;
    if (n === 128) continue;
    if (n < 128) {
      const run = Math.min(n + 1, count - filled, bytes.length - at);
      for (let i = 0; i < run; i++, to += stride) out[to] = bytes[at + i]!;
      at += n + 1;
      filled += run;
    } else {
      if (at >= bytes.length) break;
      const run = Math.min(257 - n, count - filled);
      const value = bytes[at++]!;
      for (let i = 0; i < run; i++, to += stride) out[to] = value;
      filled += run;
    }
  }
  return filled;
}
