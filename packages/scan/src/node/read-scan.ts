import { stat } from "node:fs/promises";
import type { JobOptions, Patient, Volume } from "@viscera/core";
import type { ColourData } from "../image/image.js";
import { readImage } from "../image/read-image.js";
import { finiteVolume } from "../image/values.js";
import { readingError } from "./file-errors.js";
import { fileSource, sha256File } from "./files.js";
import { nodeDecompress } from "./gzip.js";

export interface ReadScanOptions extends JobOptions {
  /** SeriesInstanceUID of the DICOM series to take where a folder holds several. */
  series?: string;
  /** Accept missing DICOM slices. */
  allowGaps?: boolean;
}

/** A scan as a file or folder gives it. */
export interface ScanFile {
  volume: Volume;
  /** Set for a colour image, whose `volume` is its luminance. */
  colour: ColourData | null;
  /** What a DICOM header tells about the patient's body; never a name or identifier. */
  patient: Partial<Patient>;
  warnings: string[];
  /** Over the file's bytes; over the sorted hashes of its files for a folder. */
  sha256: string;
  /** "nifti", "nrrd", "metaimage" or "dicom". */
  format: string;
}

/** Reads a scan in any known format by its content. Values are finite; world is RAS+ mm. */
export async function readScan(path: string, options: ReadScanOptions = {}): Promise<ScanFile> {
  const info = await stat(path).catch((error) => {
    throw readingError(error, path);
  });
  void info;
  const source = await fileSource(path);
  const image = await readImage(source, { ...options, decompress: nodeDecompress });
  const { volume, warnings } = finiteVolume(image.volume, source.name);
  return {
    volume,
    colour: image.colour,
    patient: {},
    warnings: [...image.warnings, ...warnings],
    sha256: await sha256File(path),
    format: image.format,
  };
}
