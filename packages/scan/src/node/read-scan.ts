import { readdir, stat } from "node:fs/promises";
import { inputError, type JobOptions, type Patient, type Volume } from "@viscera/core";
import { readDicom } from "../dicom/index.js";
import type { ColourData } from "../image/image.js";
import { readImage } from "../image/read-image.js";
import { finiteVolume } from "../image/values.js";
import { dicomSource, findDicomFiles, isDicomFile } from "./dicom-files.js";
import { readingError } from "./file-errors.js";
import { fileSource, IMAGE_FILE, sha256Files } from "./files.js";
import { nodeDecompress } from "./gzip.js";

export interface ReadScanOptions extends JobOptions {
  /** Series UID of the DICOM series to take where a folder holds several. */
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
  /** Of the file's bytes; over the sorted hashes where several files hold the scan. */
  sha256: string;
  /** "nifti", "nrrd", "metaimage", "tiff" or "dicom". */
  format: string;
}

/**
 * Reads a scan by its content: a NIfTI, NRRD, MetaImage or TIFF file, one DICOM file, or the DICOM files in a
 * folder and below. Values are finite; world is RAS+ mm. Throws `input.*` (see `readImage`, `readDicom`).
 */
export async function readScan(path: string, options: ReadScanOptions = {}): Promise<ScanFile> {
  const info = await stat(path).catch((error) => {
    throw readingError(error, path);
  });
  if (info.isDirectory()) return readDicomFolder(path, options);
  const files = [path];
  const source = await fileSource(path, (beside) => files.push(beside));
  if (await isDicomFile(path))
    return { ...(await readSeries([path], options)), sha256: await sha256Files(files) };
  const image = await readImage(source, { ...options, decompress: nodeDecompress });
  const { volume, warnings } = finiteVolume(image.volume, source.name);
  return {
    volume,
    colour: image.colour,
    patient: {},
    warnings: [...image.warnings, ...warnings],
    sha256: await sha256Files(files),
    format: image.format,
  };
}

async function readDicomFolder(folder: string, options: ReadScanOptions): Promise<ScanFile> {
  const paths = await findDicomFiles(folder, options.signal);
  if (paths.length === 0) {
    const image = (await readdir(folder)).find((name) => IMAGE_FILE.test(name));
    throw inputError(
      "no-dicom",
      `${folder} holds no DICOM files.`,
      image
        ? `To read an image in it, name the file, such as ${image}.`
        : "Check that it is the right folder.",
    );
  }
  const scan = await readSeries(paths, options);
  return { ...scan, sha256: await sha256Files(paths) };
}

async function readSeries(
  paths: readonly string[],
  options: ReadScanOptions,
): Promise<Omit<ScanFile, "sha256">> {
  const { volume, colour, patient, warnings } = await readDicom(paths.map(dicomSource), options);
  const finite = finiteVolume(volume, "The scan");
  return {
    volume: finite.volume,
    colour,
    patient,
    warnings: [...warnings, ...finite.warnings],
    format: "dicom",
  };
}
