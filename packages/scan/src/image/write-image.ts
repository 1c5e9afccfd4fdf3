import { inputError, type LabelMap, usageError, type Volume, voxelCount } from "@viscera/core";
import { encodeMetaImage } from "../metaimage/write.js";
import { encodeNifti } from "../nifti/write.js";
import { encodeNrrd } from "../nrrd/write.js";
import { encodeTiff } from "../tiff/write.js";
import { webCompress } from "./compression.js";
import type { ColourImage } from "./image.js";

/** A stretch of a file to be written: bytes, to be packed as one gzip member where `gzip` is set. */
export interface FilePart {
  gzip: boolean;
  /** Views on the image's own memory where possible; not to be changed. */
  bytes: Uint8Array[];
}

/** A file ready to be written. */
export interface EncodedFile {
  name: string;
  parts: FilePart[];
}

export interface WriteImageOptions {
  /** Write names and colours of labels into the file where its format has a place for them. Default true. */
  labelNames?: boolean;
}

/** Endings of the formats that can be written. */
export const WRITABLE_EXTENSIONS = [
  ".nii.gz",
  ".nii",
  ".seg.nrrd",
  ".nrrd",
  ".mha",
  ".mhd",
  ".tif",
  ".tiff",
] as const;

/**
 * The image as files in the format that `name` ends in. Label maps are written as unsigned integers without
 * slope, volumes in the type they have in memory, colours as RGB or RGBA of 8 bits. A .mhd gives two files, the voxels
 * first; a TIFF takes no colours and keeps no place in the world (see `encodeTiff`). Throws `usage` for another ending,
 * `input.colour`, `input.size`.
 */
export function encodeImage(
  name: string,
  image: Volume | LabelMap | ColourImage,
  { labelNames = true }: WriteImageOptions = {},
): EncodedFile[] {
  const lower = name.toLowerCase();
  const extension = WRITABLE_EXTENSIONS.find((e) => lower.endsWith(e));
  if (!extension) {
    throw usageError(
      `${name} has an ending that no writable image format has.`,
      `End the name in ${WRITABLE_EXTENSIONS.join(", ")}.`,
    );
  }
  const channels = "channels" in image ? image.channels : 1;
  if (image.data.length !== voxelCount(image.size) * channels) {
    throw inputError(
      "size",
      `The image for ${name} holds ${image.data.length / channels} voxels, but its size is ${image.size.join("x")}.`,
    );
  }
  switch (extension) {
    case ".nii.gz":
    case ".nii":
      return [{ name, parts: [{ gzip: extension === ".nii.gz", bytes: encodeNifti(image, labelNames) }] }];
    case ".seg.nrrd":
    case ".nrrd":
      return [{ name, parts: encodeNrrd(image, extension === ".seg.nrrd" || labelNames) }];
    case ".mha":
    case ".mhd":
      return encodeMetaImage(name, image);
    case ".tif":
    case ".tiff":
      return [{ name, parts: [{ gzip: false, bytes: encodeTiff(name, image) }] }];
  }
}

/** The bytes of an encoded file, packed by the platform's CompressionStream. */
export async function fileBytes(file: EncodedFile): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for (const part of file.parts) {
    if (!part.gzip) chunks.push(...part.bytes);
    else for await (const chunk of webCompress(pieces(part.bytes), "gzip")) chunks.push(chunk);
  }
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

/** The bytes in pieces of at most 1 MiB, so that streams take them in turn. */
export async function* pieces(bytes: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const step = 1 << 20;
  for (const part of bytes) for (let at = 0; at < part.length; at += step) yield part.subarray(at, at + step);
}
