/** Frame decoders compiled to WebAssembly: JPEG-LS (CharLS), JPEG 2000 (OpenJPEG), HTJ2K (OpenJPH). */
import { inputError } from "@viscera/core";

/** Pixels of one decoded frame, interleaved by channel. */
export interface DecodedFrame {
  width: number;
  height: number;
  channels: number;
  /** Significant bits of the code stream. */
  bits: number;
  samples: Uint8Array | Uint16Array;
}

export type WasmCoding = "jpeg-ls" | "jpeg2000" | "htj2k";

/** What the decoders of the three packages have in common. */
interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  getInterleaveMode?(): number;
  delete(): void;
}

const NAMES: Record<WasmCoding, string> = {
  "jpeg-ls": "JPEG-LS",
  jpeg2000: "JPEG 2000",
  htj2k: "HTJ2K",
};

let locate: ((file: string) => string) | null = null;
const loaded = new Map<WasmCoding, Promise<() => Decoder>>();

/**
 * Tells where the decoders' .wasm files lie (`charlswasm_decode.wasm`, `openjpegwasm_decode.wasm`,
 * `openjphjs.wasm`). A bundled browser application calls it once before reading; Node finds them itself.
 */
export function locateDicomCodecs(locateFile: (file: string) => string): void {
  locate = locateFile;
  loaded.clear();
}

async function load(coding: WasmCoding): Promise<() => Decoder> {
  const quiet = () => {};
  const options = { print: quiet, printErr: quiet, ...(locate ? { locateFile: locate } : {}) };
  if (coding === "jpeg-ls") {
    const { JpegLSDecoder } = await (await import("@cornerstonejs/codec-charls/decodewasmjs")).default(
      options,
    );
    return () => new JpegLSDecoder();
  }
  if (coding === "jpeg2000") {
    const { J2KDecoder } = await (await import("@cornerstonejs/codec-openjpeg/decodewasmjs")).default(
      options,
    );
    return () => new J2KDecoder();
  }
  const { HTJ2KDecoder } = await (await import("@cornerstonejs/codec-openjph/wasmjs")).default(options);
  return () => new HTJ2KDecoder();
}

/** Decodes one frame. @throws `input.dicom-damaged` when the decoder cannot. */
export async function decodeWithCodec(
  coding: WasmCoding,
  bytes: Uint8Array,
  label: string,
): Promise<DecodedFrame> {
  let create = loaded.get(coding);
  if (!create) {
    create = load(coding);
    loaded.set(coding, create);
  }
  const newDecoder = await create;
  try {
    return decodeOnce(newDecoder(), bytes);
  } catch (cause) {
    // A decoder that threw may have left its module's memory in disorder: the next frame gets a new one.
    loaded.delete(coding);
    throw inputError(
      "dicom-damaged",
      `The ${NAMES[coding]} pixel data of ${label} cannot be decoded: the file is damaged or cut off.`,
      "Copy the file again from its source, or export it uncompressed.",
      cause,
    );
  }
}

function decodeOnce(decoder: Decoder, bytes: Uint8Array): DecodedFrame {
  decoder.getEncodedBuffer(bytes.length).set(bytes);
  decoder.decode();
  const { width, height, componentCount, bitsPerSample } = decoder.getFrameInfo();
  const raw = decoder.getDecodedBuffer();
  const bytesPerSample = bitsPerSample <= 8 ? 1 : 2;
  const length = width * height * componentCount * bytesPerSample;
  if (length === 0 || bitsPerSample > 16 || raw.length < length) throw new Error("no image came out");
  // Copied: the module's memory goes back when the decoder is deleted.
  const copy = raw.slice(0, length);
  let samples = bytesPerSample === 1 ? copy : new Uint16Array(copy.buffer);
  if (componentCount > 1 && decoder.getInterleaveMode?.() === 0)
    samples = interleave(samples, componentCount, width * height);
  decoder.delete();
  return { width, height, channels: componentCount, bits: bitsPerSample, samples };
}

/** Planes of `count` samples each -> samples by pixel. */
function interleave<T extends Uint8Array | Uint16Array>(planes: T, channels: number, count: number): T {
  const out = planes.slice() as T;
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < count; i++) out[i * channels + c] = planes[c * count + i]!;
  return out;
}
