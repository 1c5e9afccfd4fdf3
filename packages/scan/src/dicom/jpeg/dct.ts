/** Sequential and progressive DCT coding, 8 and 12 bits, Huffman (ITU-T T.81 annexes A, F and G). */
import { JpegError } from "./error.js";
import type { Component, Frame, Scan } from "./frame.js";
import { BitReader, type HuffmanTable } from "./huffman.js";

/** T.81 figure A.6: place in the block (row-major) of each coefficient in coded order. */
const ZIGZAG = new Uint8Array([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
]);

/** Coefficients of one component: blocks in raster order, padded to whole MCUs. */
export interface Plane {
  component: Component;
  /** Blocks a line and lines of blocks, with padding. */
  blockColumns: number;
  blockRows: number;
  /** Samples that belong to the image. */
  width: number;
  height: number;
  coefficients: Int16Array;
}

/** Empty coefficient planes of a frame. */
export function planesOf(frame: Frame): Plane[] {
  const hMax = Math.max(...frame.components.map((c) => c.h));
  const vMax = Math.max(...frame.components.map((c) => c.v));
  const mcuColumns = Math.ceil(frame.width / (8 * hMax));
  const mcuRows = Math.ceil(frame.height / (8 * vMax));
  return frame.components.map((component) => ({
    component,
    blockColumns: mcuColumns * component.h,
    blockRows: mcuRows * component.v,
    width: Math.ceil((frame.width * component.h) / hMax),
    height: Math.ceil((frame.height * component.v) / vMax),
    coefficients: new Int16Array(mcuColumns * component.h * mcuRows * component.v * 64),
  }));
}

/** State of one scan's decoding. */
interface ScanState {
  reader: BitReader;
  scan: Scan;
  /** Blocks still to be skipped as all zero in a progressive AC scan. */
  endOfBandRun: number;
}

type BlockDecoder = (
  state: ScanState,
  coefficients: Int16Array,
  at: number,
  predictors: Int32Array,
  scanComponent: number,
) => void;

/** Decodes one scan into the planes; returns the position after it. */
export function decodeDctScan(bytes: Uint8Array, frame: Frame, scan: Scan, planes: Plane[]): number {
  const state: ScanState = { reader: new BitReader(bytes, scan.position), scan, endOfBandRun: 0 };
  const decodeBlock = blockDecoder(frame, scan);
  const predictors = new Int32Array(scan.components.length);
  let units = 0;
  const nextUnit = () => {
    if (scan.restartInterval > 0 && units === scan.restartInterval) {
      state.reader.restart();
      state.endOfBandRun = 0;
      predictors.fill(0);
      units = 0;
    }
    units++;
  };
  if (scan.components.length === 1) {
    const plane = planes[scan.components[0]!.index]!;
    for (let row = 0; row < Math.ceil(plane.height / 8); row++)
      for (let column = 0; column < Math.ceil(plane.width / 8); column++) {
        nextUnit();
        decodeBlock(state, plane.coefficients, (row * plane.blockColumns + column) * 64, predictors, 0);
      }
    return state.reader.position;
  }
  const any = planes[scan.components[0]!.index]!;
  const mcuColumns = any.blockColumns / any.component.h;
  const mcuRows = any.blockRows / any.component.v;
  for (let mcuRow = 0; mcuRow < mcuRows; mcuRow++)
    for (let mcuColumn = 0; mcuColumn < mcuColumns; mcuColumn++) {
      nextUnit();
      for (let c = 0; c < scan.components.length; c++) {
        const { component, blockColumns, coefficients } = planes[scan.components[c]!.index]!;
        for (let v = 0; v < component.v; v++)
          for (let h = 0; h < component.h; h++) {
            const row = mcuRow * component.v + v;
            const column = mcuColumn * component.h + h;
            decodeBlock(state, coefficients, (row * blockColumns + column) * 64, predictors, c);
          }
      }
    }
  return state.reader.position;
}

function blockDecoder(frame: Frame, scan: Scan): BlockDecoder {
  if (frame.process === "sequential") return sequentialBlock;
  if (scan.spectralStart === 0) return scan.high === 0 ? firstDc : refineDc;
  if (scan.components.length !== 1) throw new JpegError("a scan header is damaged");
  return scan.high === 0 ? firstAc : refineAc;
}

function tableOf(table: HuffmanTable | undefined): HuffmanTable {
  if (!table) throw new JpegError("a Huffman table is missing");
  return table;
}

/** Next DC value: the predictor moved by the coded difference. */
function dcValue({ reader, scan }: ScanState, predictors: Int32Array, c: number): number {
  const category = reader.symbol(tableOf(scan.components[c]!.dc));
  if (category > 16) throw new JpegError("the compressed data are damaged");
  predictors[c]! += reader.signed(category);
  return predictors[c]!;
}

function sequentialBlock(
  state: ScanState,
  coefficients: Int16Array,
  at: number,
  predictors: Int32Array,
  c: number,
) {
  coefficients[at] = dcValue(state, predictors, c);
  const { reader, scan } = state;
  const table = tableOf(scan.components[c]!.ac);
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(table);
    const category = symbol & 15;
    const run = symbol >> 4;
    if (category === 0) {
      if (run < 15) return;
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) throw new JpegError("the compressed data are damaged");
    coefficients[at + ZIGZAG[k]!] = reader.signed(category);
  }
}

function firstDc(state: ScanState, coefficients: Int16Array, at: number, predictors: Int32Array, c: number) {
  coefficients[at] = dcValue(state, predictors, c) << state.scan.low;
}

function refineDc({ reader, scan }: ScanState, coefficients: Int16Array, at: number) {
  if (reader.bits(1)) coefficients[at]! |= 1 << scan.low;
}

function firstAc(state: ScanState, coefficients: Int16Array, at: number) {
  if (state.endOfBandRun > 0) {
    state.endOfBandRun--;
    return;
  }
  const { reader, scan } = state;
  const table = tableOf(scan.components[0]!.ac);
  for (let k = scan.spectralStart; k <= scan.spectralEnd; k++) {
    const symbol = reader.symbol(table);
    const category = symbol & 15;
    const run = symbol >> 4;
    if (category === 0) {
      if (run < 15) {
        state.endOfBandRun = (1 << run) - 1 + reader.bits(run);
        return;
      }
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) throw new JpegError("the compressed data are damaged");
    coefficients[at + ZIGZAG[k]!] = reader.signed(category) << scan.low;
  }
}

/** Refines coefficients by one bit; new ones appear between those known already (T.81 G.1.2.3). */
function refineAc(state: ScanState, coefficients: Int16Array, at: number) {
  const { reader, scan } = state;
  const table = tableOf(scan.components[0]!.ac);
  const bit = 1 << scan.low;
  const refine = (place: number) => {
    const value = coefficients[place]!;
    if (reader.bits(1) && (value & bit) === 0) coefficients[place] = value + (value > 0 ? bit : -bit);
  };
  let k = scan.spectralStart;
  while (state.endOfBandRun === 0 && k <= scan.spectralEnd) {
    const symbol = reader.symbol(table);
    let run = symbol >> 4;
    let value = 0;
    if ((symbol & 15) !== 0) value = reader.bits(1) ? bit : -bit;
    else if (run < 15) {
      state.endOfBandRun = (1 << run) + reader.bits(run);
      break;
    }
    for (; k <= scan.spectralEnd; k++) {
      const place = at + ZIGZAG[k]!;
      if (coefficients[place] !== 0) refine(place);
      else if (run === 0) {
        coefficients[place] = value;
        break;
      } else run--;
    }
    k++;
  }
  if (state.endOfBandRun === 0) return;
  for (; k <= scan.spectralEnd; k++) {
    const place = at + ZIGZAG[k]!;
    if (coefficients[place] !== 0) refine(place);
  }
  state.endOfBandRun--;
}

/** cos((2x+1)uπ/16) * C(u)/2 at 8 * x + u. */
const BASIS = Float64Array.from({ length: 64 }, (_, i) => {
  const x = i >> 3;
  const u = i & 7;
  return Math.cos(((2 * x + 1) * u * Math.PI) / 16) * (u === 0 ? Math.SQRT1_2 : 1) * 0.5;
});

/** Samples of one component: dequantised, inverse DCT in double precision (T.81 A.3.3), level shifted. */
export function samplesOf(
  plane: Plane,
  quantisation: Int32Array | undefined,
  precision: number,
): Uint16Array {
  if (!quantisation) throw new JpegError("a quantisation table is missing");
  const { blockColumns, blockRows, coefficients } = plane;
  const stride = blockColumns * 8;
  const out = new Uint16Array(stride * blockRows * 8);
  const factor = new Float64Array(64);
  for (let k = 0; k < 64; k++) factor[ZIGZAG[k]!] = quantisation[k]!;
  const half = 1 << (precision - 1);
  const most = (1 << precision) - 1;
  const block = new Float64Array(64);
  const rows = new Float64Array(64);
  for (let b = 0; b < blockColumns * blockRows; b++) {
    for (let i = 0; i < 64; i++) block[i] = coefficients[b * 64 + i]! * factor[i]!;
    for (let v = 0; v < 8; v++)
      for (let x = 0; x < 8; x++) {
        let sum = 0;
        for (let u = 0; u < 8; u++) sum += block[v * 8 + u]! * BASIS[x * 8 + u]!;
        rows[v * 8 + x] = sum;
      }
    const corner = Math.floor(b / blockColumns) * 8 * stride + (b % blockColumns) * 8;
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) {
        let sum = half;
        for (let v = 0; v < 8; v++) sum += rows[v * 8 + x]! * BASIS[y * 8 + v]!;
        out[corner + y * stride + x] = Math.min(most, Math.max(0, Math.round(sum)));
      }
  }
  return out;
}
