/** Marker segments of a JPEG stream (ITU-T T.81 annex B): frame header, tables, scans. */
import { JpegError } from "./error.js";
import { type HuffmanTable, huffmanTable } from "./huffman.js";

export interface Component {
  id: number;
  /** Sampling factors. */
  h: number;
  v: number;
  quantisation: number;
}

export interface Frame {
  process: "sequential" | "progressive" | "lossless";
  /** Bits a sample. */
  precision: number;
  width: number;
  height: number;
  components: Component[];
}

export interface Scan {
  /** Indices into `Frame.components` with their Huffman tables. */
  components: { index: number; dc: HuffmanTable | undefined; ac: HuffmanTable | undefined }[];
  spectralStart: number;
  spectralEnd: number;
  /** Successive approximation, high and low bit positions; low is the point transform of lossless scans. */
  high: number;
  low: number;
  /** MCUs between restart markers, 0 for none. */
  restartInterval: number;
  /** Where the entropy-coded data begin. */
  position: number;
}

/** Walks the segments of a stream; calls `onFrame` once and `onScan` for each scan with its tables. */
export interface Segments {
  frame: Frame;
  quantisation: (Int32Array | undefined)[];
  /** Adobe APP14 colour transform (0 none, 1 YCbCr, 2 YCCK), null without the marker. */
  adobeTransform: number | null;
  jfif: boolean;
}

const ZIGZAG_SIZE = 64;

/**
 * Reads a stream. `decodeScan` decodes the entropy-coded data of each scan and returns the position after.
 * `onFrame` is called before any scan, to check the size before memory is taken.
 */
export function readSegments(
  bytes: Uint8Array,
  onFrame: (frame: Frame) => void,
  decodeScan: (scan: Scan, segments: Segments) => number,
): Segments {
  const dc: (HuffmanTable | undefined)[] = [];
  const ac: (HuffmanTable | undefined)[] = [];
  const quantisation: (Int32Array | undefined)[] = [];
  let frame: Frame | null = null;
  let adobeTransform: number | null = null;
  let jfif = false;
  let restartInterval = 0;
  let scans = 0;
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new JpegError("it does not begin like JPEG");
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    at += 2;
    if (marker === 0xd9) break;
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const length = (bytes[at]! << 8) | bytes[at + 1]!;
    if (length < 2 || at + length > bytes.length) throw new JpegError("a header segment is cut off");
    const body = bytes.subarray(at + 2, at + length);
    at += length;
    if (marker === 0xc4) readHuffman(body, dc, ac);
    else if (marker === 0xdb) readQuantisation(body, quantisation);
    else if (marker === 0xdd) restartInterval = (body[0]! << 8) | body[1]!;
    else if (marker === 0xe0) jfif ||= ascii(body, 4) === "JFIF";
    else if (marker === 0xee && ascii(body, 5) === "Adobe") adobeTransform = body[11] ?? null;
    else if (marker === 0xda) {
      if (!frame) throw new JpegError("a scan comes before the frame header");
      const scan = readScan(body, frame, dc, ac, restartInterval, at);
      at = decodeScan(scan, { frame, quantisation, adobeTransform, jfif });
      scans++;
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      if (frame) throw new JpegError("it holds more than one frame");
      frame = readFrame(marker, body);
      onFrame(frame);
    }
  }
  if (!frame || scans === 0) throw new JpegError("it holds no image");
  return { frame, quantisation, adobeTransform, jfif };
}

function ascii(body: Uint8Array, length: number): string {
  return String.fromCharCode(...body.subarray(0, length));
}

const PROCESSES: Record<number, Frame["process"]> = {
  192: "sequential",
  193: "sequential",
  194: "progressive",
  195: "lossless",
};

function readFrame(marker: number, body: Uint8Array): Frame {
  const process = PROCESSES[marker];
  if (!process)
    throw new JpegError(
      marker >= 0xc9 ? "arithmetic coding is not supported" : "hierarchical coding is not supported",
    );
  const count = body[5] ?? 0;
  if (body.length < 6 + 3 * count || count === 0 || count > 4)
    throw new JpegError("its frame header is damaged");
  const precision = body[0]!;
  const height = (body[1]! << 8) | body[2]!;
  const width = (body[3]! << 8) | body[4]!;
  const lossless = process === "lossless";
  if (precision < 2 || precision > 16 || (!lossless && precision !== 8 && precision !== 12))
    throw new JpegError(`samples of ${precision} bits are not supported`);
  if (width === 0 || height === 0) throw new JpegError("its frame header has no size");
  const components: Component[] = [];
  for (let c = 0; c < count; c++) {
    const [id, sampling, table] = body.subarray(6 + 3 * c);
    const component = { id: id!, h: sampling! >> 4, v: sampling! & 15, quantisation: table! };
    if (component.h < 1 || component.h > 4 || component.v < 1 || component.v > 4)
      throw new JpegError("its frame header is damaged");
    components.push(component);
  }
  return { process, precision, width, height, components };
}

function readHuffman(
  body: Uint8Array,
  dc: (HuffmanTable | undefined)[],
  ac: (HuffmanTable | undefined)[],
): void {
  let at = 0;
  while (at + 17 <= body.length) {
    const kind = body[at]!;
    const counts = body.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, n) => sum + n, 0);
    if (at + 17 + total > body.length) throw new JpegError("a Huffman table is cut off");
    (kind >> 4 === 0 ? dc : ac)[kind & 15] = huffmanTable(counts, body.subarray(at + 17, at + 17 + total));
    at += 17 + total;
  }
}

function readQuantisation(body: Uint8Array, tables: (Int32Array | undefined)[]): void {
  let at = 0;
  while (at < body.length) {
    const wide = body[at]! >> 4 !== 0;
    const table = new Int32Array(ZIGZAG_SIZE);
    const size = wide ? 2 : 1;
    if (at + 1 + ZIGZAG_SIZE * size > body.length) throw new JpegError("a quantisation table is cut off");
    for (let k = 0; k < ZIGZAG_SIZE; k++) {
      const p = at + 1 + k * size;
      table[k] = wide ? (body[p]! << 8) | body[p + 1]! : body[p]!;
    }
    tables[body[at]! & 15] = table;
    at += 1 + ZIGZAG_SIZE * size;
  }
}

function readScan(
  body: Uint8Array,
  frame: Frame,
  dc: (HuffmanTable | undefined)[],
  ac: (HuffmanTable | undefined)[],
  restartInterval: number,
  position: number,
): Scan {
  const count = body[0] ?? 0;
  if (count === 0 || body.length < 4 + 2 * count) throw new JpegError("a scan header is damaged");
  const components = [];
  for (let c = 0; c < count; c++) {
    const id = body[1 + 2 * c]!;
    const tables = body[2 + 2 * c]!;
    const index = frame.components.findIndex((component) => component.id === id);
    if (index < 0) throw new JpegError("a scan names a component that the frame lacks");
    components.push({ index, dc: dc[tables >> 4], ac: ac[tables & 15] });
  }
  const [spectralStart, spectralEnd, approximation] = body.subarray(1 + 2 * count);
  if (spectralStart! > 63 || spectralEnd! > 63) throw new JpegError("a scan header is damaged");
  return {
    components,
    spectralStart: spectralStart!,
    spectralEnd: spectralEnd!,
    high: approximation! >> 4,
    low: approximation! & 15,
    restartInterval,
    position,
  };
}
