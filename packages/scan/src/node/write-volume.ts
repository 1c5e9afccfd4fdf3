import { basename, dirname, join } from "node:path";
import type { LabelMap, Volume } from "@viscera/core";
import type { ColourImage } from "../image/image.js";
import { type EncodedFile, encodeImage, pieces, type WriteImageOptions } from "../image/write-image.js";
import { writeWhole } from "./files.js";
import { gzip } from "./gzip.js";

/**
 * Writes a volume, label map or colour image in the format that the path ends in (.nii.gz, .nii, .nrrd, .seg.nrrd, .mha,
 * .mhd, .tif, .tiff); every file appears whole or not at all.
 */
export async function writeVolume(
  path: string,
  image: Volume | LabelMap | ColourImage,
  options: WriteImageOptions = {},
): Promise<void> {
  for (const file of encodeImage(basename(path), image, options)) {
    await writeWhole(join(dirname(path), file.name), packed(file));
  }
}

async function* packed(file: EncodedFile): AsyncGenerator<Uint8Array> {
  for (const part of file.parts) {
    if (part.gzip) yield* gzip(pieces(part.bytes));
    else yield* pieces(part.bytes);
  }
}
