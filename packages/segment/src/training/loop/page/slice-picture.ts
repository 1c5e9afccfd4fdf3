/** A slice with contours as a bitmap of 256 colours (BMP), which every browser shows without a script. */

export interface Slice {
  width: number;
  height: number;
  /** Values, row by row. */
  grey: Float32Array;
  /** Classes; their outlines are drawn. null draws none. */
  labels: Float32Array | null;
  /** Turned round along x and y. */
  flip: readonly [boolean, boolean];
}

/** Outline colours of classes 1, 2, ...; they repeat, in the order of the page's own. */
const STRUCTURE_COLORS = [
  "#ff5c5c",
  "#3ecf6e",
  "#4aa8ff",
  "#ffd23e",
  "#d16bff",
  "#ff9340",
  "#2fd6d0",
  "#ff7fbf",
] as const;

const GREYS = 248;
/** Longer side of the picture, about. */
const TARGET = 240;

/** Data URI of the slice, enlarged by a whole number. */
export function slicePicture({ width, height, grey, labels, flip }: Slice): string {
  const factor = Math.max(1, Math.floor(TARGET / Math.max(width, height)));
  const step = Math.max(1, Math.ceil(Math.max(width, height) / (2 * TARGET)));
  const [w, h] = [Math.floor(width / step) * factor, Math.floor(height / step) * factor];
  const { low, high } = greyRange(grey);
  const at = (px: number, py: number) => {
    const x = Math.min(width - 1, Math.floor(px / factor) * step);
    const y = Math.min(height - 1, Math.floor(py / factor) * step);
    return (flip[0] ? width - 1 - x : x) + width * (flip[1] ? height - 1 - y : y);
  };
  const labelAt = (px: number, py: number) =>
    labels === null || px < 0 || py < 0 || px >= w || py >= h ? 0 : labels[at(px, py)]!;
  const pixels = new Uint8Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const label = labelAt(x, y);
      const isEdge =
        label !== 0 &&
        label !== 255 &&
        (labelAt(x - 1, y) !== label ||
          labelAt(x + 1, y) !== label ||
          labelAt(x, y - 1) !== label ||
          labelAt(x, y + 1) !== label);
      pixels[x + w * y] = isEdge
        ? GREYS + ((label - 1) % STRUCTURE_COLORS.length)
        : Math.max(
            0,
            Math.min(GREYS - 1, Math.round(((grey[at(x, y)]! - low) / (high - low || 1)) * (GREYS - 1))),
          );
    }
  }
  return `data:image/bmp;base64,${toBase64(bitmap(w, h, pixels))}`;
}

/** The values between which the greys are spread: all but the lowest and highest hundredth. */
function greyRange(values: Float32Array): { low: number; high: number } {
  const sorted = values.slice().sort();
  const last = sorted.length - 1;
  return { low: sorted[Math.floor(0.01 * last)] ?? 0, high: sorted[Math.ceil(0.99 * last)] ?? 1 };
}

/** An uncompressed 8-bit BMP; its rows run from the bottom up and end at multiples of four bytes. */
function bitmap(width: number, height: number, pixels: Uint8Array): Uint8Array {
  const rowBytes = Math.ceil(width / 4) * 4;
  const start = 54 + 4 * 256;
  const out = new Uint8Array(start + rowBytes * height);
  const view = new DataView(out.buffer);
  out.set([0x42, 0x4d]);
  view.setUint32(2, out.length, true);
  view.setUint32(10, start, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  view.setUint32(34, rowBytes * height, true);
  for (let i = 0; i < 256; i++) {
    const color =
      i < GREYS
        ? Math.round((255 * i) / (GREYS - 1)) * 0x010101
        : Number.parseInt(STRUCTURE_COLORS[i - GREYS]!.slice(1), 16);
    view.setUint32(54 + 4 * i, color, true);
  }
  for (let y = 0; y < height; y++) {
    out.set(pixels.subarray(width * y, width * (y + 1)), start + rowBytes * (height - 1 - y));
  }
  return out;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
}
