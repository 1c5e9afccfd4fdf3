/** Compression by the platform's own streams, which browsers and Node have alike. */
import { inputError, VisceraError } from "@viscera/core";
import type { Compression, Decompress, ReadImageOptions } from "./source.js";

/**
 * Deflate shrinks 258 bytes to 2 bits at best, 1032 to 1; a header that claims more voxels than that from a
 * compressed file is wrong, however much follows.
 */
export const LARGEST_DEFLATE_RATIO = 1032;

async function* throughWebStream(
  bytes: AsyncIterable<Uint8Array>,
  transform: { readable: ReadableStream; writable: WritableStream },
): AsyncGenerator<Uint8Array> {
  const writer = transform.writable.getWriter();
  let sourceError: unknown = null;
  const feeding = (async () => {
    try {
      for await (const chunk of bytes) await writer.write(chunk);
      await writer.close();
    } catch (error) {
      sourceError = error;
      await writer.abort(error).catch(() => {});
    }
  })();
  const reader = (transform.readable as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
    await feeding;
  } catch (error) {
    throw sourceError instanceof VisceraError ? sourceError : error;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Unpacks by DecompressionStream, which takes bytes after the end for an error. */
export const webDecompress: Decompress = (bytes, format) =>
  throughWebStream(bytes, new DecompressionStream(format));

/** Packs by CompressionStream. */
export function webCompress(
  bytes: AsyncIterable<Uint8Array>,
  format: Compression,
): AsyncGenerator<Uint8Array> {
  return throughWebStream(bytes, new CompressionStream(format));
}

/** A packed file or stretch of one, for messages. */
export interface Packed {
  bytes: AsyncIterable<Uint8Array>;
  format: Compression;
  name: string;
}

/** Unpacks and turns the library's errors into `input.truncated` and `input.corrupt`, naming the file. */
export async function* unpack(
  { bytes, format, name }: Packed,
  options: ReadImageOptions,
  warnings: string[],
): AsyncGenerator<Uint8Array> {
  const decompress = options.decompress ?? webDecompress;
  const onRest = () =>
    warnings.push("The file has bytes after its compressed data, which were not looked at.");
  try {
    yield* decompress(bytes, format, onRest);
  } catch (error) {
    if (error instanceof VisceraError) throw error;
    // Node 24 leaves the message empty and puts the reason into the cause.
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: null };
    const reason = message || (cause instanceof Error ? cause.message : "unknown reason");
    // The wordings of zlib, Chromium and Firefox.
    if (/unexpected end|truncated|without reaching/i.test(reason)) {
      throw inputError(
        "truncated",
        `${name} ends in the middle of its compressed data.`,
        "Copy or download the file again.",
        error,
      );
    }
    throw inputError(
      "corrupt",
      `${name} is damaged: its compressed data cannot be unpacked (${reason}).`,
      "Copy or download the file again.",
      error,
    );
  }
}
