/**
 * JPEG with Huffman coding (ITU-T T.81): baseline and extended sequential DCT, progressive DCT, 8 and 12 bits,
 * and lossless (process 14) up to 16 bits. Written here because the installed decoders stop at 8 bits (DCT),
 * and for lossless mishandle predictor 7, restarts of colour images and samples of more than 8 bits in colour.
 */
import { decodeDctScan, type Plane, planesOf, samplesOf } from "./dct.js";
import { JpegError } from "./error.js";
import { type Frame, readSegments } from "./frame.js";
import { decodeLosslessScan } from "./lossless.js";

export { JpegError } from "./error.js";

export interface JpegImage {
  width: number;
  height: number;
  /** 1 to 4. */
  channels: number;
  /** Bits a sample. */
  precision: number;
  /** Interleaved by channel; colour as stored (no YCbCr conversion). */
  samples: Uint8Array | Uint16Array;
  /** What the stream says of its colours; null when it says nothing. */
  colour: "rgb" | "ycbcr" | null;
}

/**
 * Decodes a whole image.
 * @throws {JpegError} for damaged, cut off or unsupported data, and when the size is not `columns` x `rows`.
 */
export function decodeJpeg(bytes: Uint8Array, columns: number, rows: number): JpegImage {
  let planes: Plane[] = [];
  let samples: Uint8Array | Uint16Array = new Uint8Array(0);
  const { frame, quantisation, adobeTransform, jfif } = readSegments(
    bytes,
    (frame) => {
      if (frame.width !== columns || frame.height !== rows)
        throw new JpegError(`it is ${frame.width}x${frame.height}, the header says ${columns}x${rows}`);
      if (frame.process !== "lossless") planes = planesOf(frame);
      else samples = emptySamples(frame);
    },
    (scan, { frame }) =>
      frame.process === "lossless"
        ? decodeLosslessScan(bytes, frame, scan, samples)
        : decodeDctScan(bytes, frame, scan, planes),
  );
  if (frame.process !== "lossless") {
    samples = emptySamples(frame);
    planes.forEach((plane, c) => {
      const decoded = samplesOf(plane, quantisation[plane.component.quantisation], frame.precision);
      spread(decoded, plane, frame, samples, c);
    });
  }
  const ids = String.fromCharCode(...frame.components.map((c) => c.id));
  const colour =
    frame.components.length !== 3
      ? null
      : adobeTransform === 0 || ids === "RGB"
        ? "rgb"
        : adobeTransform === 1 || jfif
          ? "ycbcr"
          : null;
  return {
    width: frame.width,
    height: frame.height,
    channels: frame.components.length,
    precision: frame.precision,
    samples,
    colour,
  };
}

function emptySamples({ width, height, components, precision }: Frame): Uint8Array | Uint16Array {
  const length = width * height * components.length;
  return precision <= 8 ? new Uint8Array(length) : new Uint16Array(length);
}

/** Writes a component into the interleaved samples; subsampled ones are repeated. */
function spread(
  decoded: Uint16Array,
  plane: Plane,
  frame: Frame,
  samples: Uint8Array | Uint16Array,
  channel: number,
) {
  const { width, height, components } = frame;
  const stride = plane.blockColumns * 8;
  const h = plane.component.h / Math.max(...components.map((c) => c.h));
  const v = plane.component.v / Math.max(...components.map((c) => c.v));
  let at = channel;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y * v) * stride;
    for (let x = 0; x < width; x++, at += components.length) samples[at] = decoded[row + Math.floor(x * h)]!;
  }
}
