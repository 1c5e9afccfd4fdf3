/** From a file's bytes to the stored values of one frame. */
import { inputError } from "@viscera/core";
import { decodeWithCodec } from "./codecs.js";
import { toRgb } from "./colour.js";
import type { DicomFile } from "./elements.js";
import { encapsulatedFrames } from "./encapsulation.js";
import { decodeJpeg, JpegError } from "./jpeg/index.js";
import { nativeFrameBytes, type PixelFormat } from "./pixel-format.js";
import { decodeRle } from "./rle.js";
import type { Coding } from "./transfer-syntax.js";

export type StoredValues =
  | Uint8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** One frame: stored values, or interleaved 8-bit RGB for an image in colour. */
export type FramePixels = { rgb: null; values: StoredValues } | { rgb: Uint8Array; values: null };

/** True when frames of this format come out in colour. */
export function isColour(format: PixelFormat): boolean {
  return format.samplesPerPixel === 3 || format.photometric === "PALETTE COLOR";
}

/** Samples as they come from the decoder, interleaved, little endian. */
interface RawFrame {
  samples: StoredValues;
  /** Significant bits. */
  bits: number;
  /** Position of the highest one. */
  highBit: number;
  photometric: string;
}

/** Reads the frames of one file in turn. */
export class FrameReader {
  private readonly file: DicomFile;
  private readonly format: PixelFormat;
  private readonly label: string;
  private compressed: Uint8Array[] | null = null;

  constructor(file: DicomFile, format: PixelFormat, label: string) {
    this.file = file;
    this.format = format;
    this.label = label;
  }

  /** @throws `input.dicom-damaged` or `input.dicom-truncated` when the frame cannot be decoded. */
  async read(frame: number): Promise<FramePixels> {
    const { format, file, label } = this;
    const raw = format.coding === "native" ? this.native(frame) : await this.decode(frame, format.coding);
    if (isColour(format)) return { rgb: toRgb(raw, format, file.dataset, label), values: null };
    return { rgb: null, values: format.kind === "integer" ? stored(raw, format.signed) : raw.samples };
  }

  private native(frame: number): RawFrame {
    const { format, file } = this;
    const bytesPerFrame = nativeFrameBytes(format);
    const { bitsStored: bits, highBit, photometric } = format;
    if (format.bitsAllocated === 1)
      return { samples: unpackBits(file, frame, format), bits: 1, highBit: 0, photometric };
    const at = file.pixelData!.offset + frame * bytesPerFrame;
    const bytes = file.bytes.slice(at, at + bytesPerFrame);
    // Bytes in big-endian words: swapped once here, whatever their width.
    const width = format.bitsAllocated === 8 && file.pixelData!.vr === "OW" ? 2 : format.bitsAllocated / 8;
    if (!file.littleEndian && width > 1) swap(bytes, width);
    let samples = typed(bytes, format);
    if (format.planar && format.samplesPerPixel === 3 && photometric !== "YBR_FULL_422")
      samples = interleavePlanes(samples, format.rows * format.columns);
    return { samples, bits, highBit, photometric };
  }

  private async decode(frame: number, coding: Exclude<Coding, "native">): Promise<RawFrame> {
    const { format, file, label } = this;
    this.compressed ??= encapsulatedFrames(file, format.frames, label);
    const bytes = this.compressed[frame]!;
    const { rows, columns, samplesPerPixel, bitsStored, highBit, photometric } = format;
    if (coding === "rle") {
      const raw = decodeRle(bytes, rows * columns, samplesPerPixel, format.bitsAllocated / 8, label);
      return { samples: typed(raw, format), bits: bitsStored, highBit, photometric };
    }
    const decoded =
      coding === "jpeg"
        ? this.jpeg(bytes)
        : { ...(await decodeWithCodec(coding, bytes, label)), photometric };
    if (decoded.width !== columns || decoded.height !== rows || decoded.channels !== samplesPerPixel)
      throw inputError(
        "dicom-damaged",
        `The compressed image in ${label} is ${decoded.width}x${decoded.height} with ${decoded.channels} channel(s), its header says ${columns}x${rows} with ${samplesPerPixel}.`,
      );
    const bits = Math.min(bitsStored, decoded.bits);
    const colourTransformed = coding === "jpeg2000" || coding === "htj2k";
    return {
      samples: decoded.samples,
      bits,
      highBit: bits - 1,
      // The decoder has undone the code stream's own colour transform.
      photometric: colourTransformed && /^YBR_(RCT|ICT)$/.test(photometric) ? "RGB" : decoded.photometric,
    };
  }

  private jpeg(bytes: Uint8Array) {
    const { format, label } = this;
    try {
      const { width, height, channels, precision, samples, colour } = decodeJpeg(
        bytes,
        format.columns,
        format.rows,
      );
      // The stream knows better than the header whether its channels are RGB.
      const photometric = colour === "rgb" ? "RGB" : colour === "ycbcr" ? "YBR_FULL" : format.photometric;
      // Subsampling was undone, so 4:2:2 no longer matters.
      return {
        width,
        height,
        channels,
        bits: precision,
        samples,
        photometric: photometric.replace("_422", ""),
      };
    } catch (error) {
      if (!(error instanceof JpegError)) throw error;
      throw inputError(
        "dicom-damaged",
        `The JPEG data of ${label} cannot be decoded: ${error.message}.`,
        "Copy the file again from its source, or export it uncompressed.",
        error,
      );
    }
  }
}

function unpackBits(file: DicomFile, frame: number, { rows, columns }: PixelFormat): Uint8Array {
  const out = new Uint8Array(rows * columns);
  const first = frame * out.length;
  for (let i = 0; i < out.length; i++) {
    const bit = first + i;
    out[i] = (file.bytes[file.pixelData!.offset + (bit >> 3)]! >> (bit & 7)) & 1;
  }
  return out;
}

function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; at + width <= bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** The bytes (their own buffer, offset 0) as numbers of the allocated width. */
function typed(bytes: Uint8Array, { kind, bitsAllocated }: PixelFormat): StoredValues {
  if (kind === "float") return new Float32Array(bytes.buffer);
  if (kind === "double") return new Float64Array(bytes.buffer);
  if (bitsAllocated === 8) return bytes;
  return bitsAllocated === 16 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
}

function interleavePlanes(planes: StoredValues, pixels: number): StoredValues {
  const out = planes.slice() as StoredValues;
  for (let c = 0; c < 3; c++) for (let i = 0; i < pixels; i++) out[3 * i + c] = planes[c * pixels + i]!;
  return out;
}

/** Cuts the stored bits out of their words and extends the sign (PS3.5 section 8.1.1). */
function stored({ samples, bits, highBit }: RawFrame, signed: boolean): StoredValues {
  const width = samples.BYTES_PER_ELEMENT * 8;
  if (bits === width && !signed) return samples;
  const below = highBit - bits + 1;
  if (signed) {
    const out = width === 32 ? new Int32Array(samples.length) : new Int16Array(samples.length);
    const up = 31 - highBit;
    for (let i = 0; i < out.length; i++) out[i] = (samples[i]! << up) >> (up + below);
    return out;
  }
  const mask = bits === 32 ? 0xffffffff : 2 ** bits - 1;
  for (let i = 0; i < samples.length; i++) samples[i] = (samples[i]! >>> below) & mask;
  return samples;
}
