/** PNG writer (ISO/IEC 15948) for 8-bit RGBA pictures. */
import { deflate, toBase64 } from "./compression.js";

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRC_TABLE[(c ^ byte) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)));
  return out;
}

export interface Picture {
  width: number;
  height: number;
  /** 4 bytes a pixel, not premultiplied. */
  rgba: Uint8ClampedArray;
}

/** The bytes of a PNG file; rows use the "sub" filter, which suits smooth pictures. */
export async function encodePng({ width, height, rgba }: Picture): Promise<Uint8Array> {
  const opaque = rgba.every((value, i) => (i & 3) !== 3 || value === 255);
  const channels = opaque ? 3 : 4;
  const rows = new Uint8Array(height * (1 + width * channels));
  let at = 0;
  for (let y = 0; y < height; y++) {
    rows[at++] = 1;
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) {
        const i = 4 * (y * width + x) + c;
        rows[at++] = rgba[i]! - (x > 0 ? rgba[i - 4]! : 0);
      }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8;
  header[9] = opaque ? 2 : 6;
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", header),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array(0)),
  ];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

export async function pngDataUri(picture: Picture): Promise<string> {
  return `data:image/png;base64,${toBase64(await encodePng(picture))}`;
}
