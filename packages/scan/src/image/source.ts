import type { JobOptions } from "@viscera/core";

/** A file as the readers see it: on disk, in a browser's file picker or in memory. */
export interface FileSource {
  /** File name without folder. */
  name: string;
  /** Length in bytes; a header's claims are checked against it before anything is allocated. */
  size: number;
  /** The bytes from the start; every call begins anew. */
  stream(): AsyncIterable<Uint8Array>;
  /** A file in the same folder (voxels of .hdr, .nhdr, .mhd), null where there is none. */
  sibling(name: string): Promise<FileSource | null>;
}

export type Compression = "gzip" | "deflate";

/**
 * Unpacks a compressed stream; "deflate" is the zlib format. Throws whatever its library throws. Calls `onRest`
 * where it passes over bytes after the end of the compressed data.
 */
export type Decompress = (
  bytes: AsyncIterable<Uint8Array>,
  format: Compression,
  onRest: () => void,
) => AsyncIterable<Uint8Array>;

export interface ReadImageOptions extends JobOptions {
  /** Default: the platform's DecompressionStream. */
  decompress?: Decompress;
}

/** A file held in memory; `siblings` are the other files of its folder. */
export function bytesSource(
  name: string,
  bytes: Uint8Array,
  siblings: Readonly<Record<string, Uint8Array>> = {},
): FileSource {
  return {
    name,
    size: bytes.length,
    async *stream() {
      yield bytes;
    },
    async sibling(other) {
      const found = siblings[other];
      return found ? bytesSource(other, found, siblings) : null;
    },
  };
}

/** A browser's File or Blob; its bytes are read as they are needed. */
export function blobSource(
  name: string,
  blob: Blob,
  siblings: Readonly<Record<string, Blob>> = {},
): FileSource {
  return {
    name,
    size: blob.size,
    async *stream() {
      const reader = blob.stream().getReader();
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          yield value;
        }
      } finally {
        await reader.cancel();
      }
    },
    async sibling(other) {
      const found = siblings[other];
      return found ? blobSource(other, found, siblings) : null;
    },
  };
}
