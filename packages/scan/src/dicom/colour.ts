/** Images in colour to 8-bit RGB: palettes and YCbCr (PS3.3 C.7.6.3.1.2 and C.7.9). */
import { inputError } from "@viscera/core";
import type { Attribute } from "./attributes.js";
import type { Dataset } from "./dataset.js";
import type { PixelFormat } from "./pixel-format.js";
import type { StoredValues } from "./pixels.js";

/** Samples of one frame -> interleaved RGB, 8 bits a channel. */
export function toRgb(
  { samples, bits, photometric }: { samples: StoredValues; bits: number; photometric: string },
  format: PixelFormat,
  dataset: Dataset,
  label: string,
): Uint8Array {
  if (photometric === "PALETTE COLOR") return throughPalette(samples, format, dataset, label);
  const shift = Math.max(0, bits - 8);
  const pixels = format.rows * format.columns;
  const rgb = new Uint8Array(3 * pixels);
  if (photometric === "YBR_FULL_422") {
    // Y1 Y2 Cb Cr for every two pixels.
    for (let pair = 0; 2 * pair < pixels; pair++) {
      const [y1, y2, cb, cr] = samples.subarray(4 * pair, 4 * pair + 4);
      for (const [i, y] of [y1!, y2!].entries()) {
        const at = 3 * (2 * pair + i);
        rgb[at] = y >> shift;
        rgb[at + 1] = cb! >> shift;
        rgb[at + 2] = cr! >> shift;
      }
    }
  } else for (let i = 0; i < rgb.length; i++) rgb[i] = samples[i]! >>> shift;
  if (photometric.startsWith("YBR_FULL")) fromYbr(rgb);
  else if (photometric !== "RGB" && photometric !== "YBR_RCT" && photometric !== "YBR_ICT")
    throw inputError(
      "dicom-colour",
      `${label} has colours of the kind ${photometric}, which cannot be read.`,
    );
  return rgb;
}

/** YBR_FULL to RGB in place (PS3.3 C.7.6.3.1.2, ITU-R BT.601 full range). */
function fromYbr(data: Uint8Array): void {
  const clamp = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
  for (let at = 0; at < data.length; at += 3) {
    const y = data[at]!;
    const cb = data[at + 1]! - 128;
    const cr = data[at + 2]! - 128;
    data[at] = clamp(y + 1.402 * cr);
    data[at + 1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
    data[at + 2] = clamp(y + 1.772 * cb);
  }
}

const PALETTES: readonly [Attribute, Attribute][] = [
  ["RedPaletteDescriptor", "RedPaletteData"],
  ["GreenPaletteDescriptor", "GreenPaletteData"],
  ["BluePaletteDescriptor", "BluePaletteData"],
];

function throughPalette(
  samples: StoredValues,
  { bitsStored }: PixelFormat,
  dataset: Dataset,
  label: string,
): Uint8Array {
  const mask = 2 ** bitsStored - 1;
  const rgb = new Uint8Array(3 * samples.length);
  PALETTES.forEach(([descriptor, data], channel) => {
    const palette = paletteOf(dataset, descriptor, data);
    if (!palette)
      throw inputError(
        "dicom-colour",
        `${label} shows its pixels through a palette that is ${dataset.raw("RedPaletteSegments") ? "segmented, which cannot be read" : "missing"}.`,
        "Export the image as RGB.",
      );
    const last = palette.colours.length - 1;
    for (let i = 0; i < samples.length; i++) {
      const index = (samples[i]! & mask) - palette.first;
      rgb[3 * i + channel] = palette.colours[Math.min(last, Math.max(0, index))]!;
    }
  });
  return rgb;
}

function paletteOf(dataset: Dataset, descriptor: Attribute, data: Attribute) {
  const [entries, first, bits] = dataset.numbers(descriptor);
  const raw = dataset.raw(data);
  if (entries === undefined || first === undefined || bits === undefined || !raw) return null;
  const count = entries === 0 ? 65536 : entries;
  const words = dataset.numbers(data);
  // 8-bit entries are packed two to a word; some writers give each a word of its own.
  const packed = bits === 8 && words.length < count;
  if (words.length * (packed ? 2 : 1) < count) return null;
  const scale = bits === 16 || words.slice(0, count).some((word) => !packed && word > 255) ? 8 : 0;
  const colours = new Uint8Array(count);
  for (let i = 0; i < count; i++)
    colours[i] = packed ? (words[i >> 1]! >> ((i & 1) * 8)) & 255 : words[i]! >> scale;
  return { first: first > 32767 ? first - 65536 : first, colours };
}
