/** Lossless JPEG, process 14, all seven predictors (ITU-T T.81 annex H). */
import { JpegError } from "./error.js";
import type { Frame, Scan } from "./frame.js";
import { BitReader } from "./huffman.js";

/** Decodes one scan into `samples` (interleaved by component); returns the position after it. */
export function decodeLosslessScan(
  bytes: Uint8Array,
  frame: Frame,
  scan: Scan,
  samples: Uint8Array | Uint16Array,
): number {
  const { width, height, precision } = frame;
  const channels = frame.components.length;
  if (frame.components.some(({ h, v }) => h !== frame.components[0]!.h || v !== frame.components[0]!.v))
    throw new JpegError("subsampled lossless coding is not supported");
  const predictor = scan.spectralStart;
  if (predictor < 1 || predictor > 7) throw new JpegError("its predictor is unknown");
  const reader = new BitReader(bytes, scan.position);
  const stride = width * channels;
  const shift = scan.low;
  const first = 1 << (precision - shift - 1);
  const { restartInterval } = scan;
  let sinceRestart = 0;
  // The line that the current one is predicted from begins anew at a restart (H.1.2.1).
  let topLine = true;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let start = x === 0 && y === 0;
      if (restartInterval > 0 && sinceRestart === restartInterval) {
        reader.restart();
        sinceRestart = 0;
        topLine = true;
        start = true;
      }
      sinceRestart++;
      for (const { index, dc } of scan.components) {
        if (!dc) throw new JpegError("a Huffman table is missing");
        const at = y * stride + x * channels + index;
        let prediction: number;
        if (start) prediction = first;
        else if (topLine) prediction = samples[at - channels]! >> shift;
        else if (x === 0) prediction = samples[at - stride]! >> shift;
        else {
          const a = samples[at - channels]! >> shift;
          const b = samples[at - stride]! >> shift;
          const c = samples[at - stride - channels]! >> shift;
          prediction = predict(predictor, a, b, c);
        }
        const category = reader.symbol(dc);
        if (category > 16) throw new JpegError("the compressed data are damaged");
        const difference = category === 16 ? 32768 : reader.signed(category);
        samples[at] = ((prediction + difference) & 0xffff) << shift;
      }
    }
    topLine = false;
  }
  return reader.position;
}

/** T.81 table H.1: a left, b above, c above left. */
function predict(selection: number, a: number, b: number, c: number): number {
  switch (selection) {
    case 1:
      return a;
    case 2:
      return b;
    case 3:
      return c;
    case 4:
      return a + b - c;
    case 5:
      return a + ((b - c) >> 1);
    case 6:
      return b + ((a - c) >> 1);
    default:
      return (a + b) >> 1;
  }
}
