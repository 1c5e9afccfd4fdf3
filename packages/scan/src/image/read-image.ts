import { inputError } from "@viscera/core";
import { readMetaImage } from "../metaimage/read.js";
import { niftiVersion } from "../nifti/header.js";
import { readNifti } from "../nifti/read.js";
import { readNrrd } from "../nrrd/read.js";
import { readTiff } from "../tiff/read.js";
import { isTiff } from "../tiff/tags.js";
import type { ImageFile, ImageFormat } from "./image.js";
import { openFile } from "./read-voxels.js";
import type { FileSource, ReadImageOptions } from "./source.js";

const READERS = { nifti: readNifti, nrrd: readNrrd, metaimage: readMetaImage, tiff: readTiff } as const;

const EXTENSIONS: Readonly<Record<ImageFormat, RegExp>> = {
  nifti: /\.(nii|hdr|img)(\.gz)?$/i,
  nrrd: /\.(nrrd|nhdr)(\.gz)?$/i,
  metaimage: /\.(mha|mhd)(\.gz)?$/i,
  tiff: /\.tiff?$/i,
};
const FORMAT_NAMES: Readonly<Record<ImageFormat, string>> = {
  nifti: "NIfTI",
  nrrd: "NRRD",
  metaimage: "MetaImage",
  tiff: "TIFF",
};

/**
 * Reads NIfTI, NRRD, MetaImage or TIFF by its content, whatever the extension says. Values are as stored; see
 * `finiteVolume` for NaN. Throws `input.*`: not-found (voxels beside), empty, format, truncated, corrupt,
 * size, 4d, type, encoding, colour, affine; `failed.memory`; `cancelled`.
 */
export async function readImage(source: FileSource, options: ReadImageOptions = {}): Promise<ImageFile> {
  if (source.size === 0) {
    throw inputError("empty", `${source.name} is empty (0 bytes).`, "Copy or download the file again.");
  }
  if (/\.img(\.gz)?$/i.test(source.name)) {
    const stem = source.name.replace(/\.img(\.gz)?$/i, "");
    const header = (await source.sibling(`${stem}.hdr`)) ?? (await source.sibling(`${stem}.hdr.gz`));
    if (header) return readImage(header, options);
  }
  const warnings: string[] = [];
  const file = await openFile(source, options, warnings);
  try {
    const start = await file.reader.peek(512);
    const format = sniffFormat(start);
    if (!format) throw unknownFormat(start, source.name);
    const image = await READERS[format](file, source, options);
    image.warnings.unshift(...nameWarnings(format, file.packed, source.name), ...warnings);
    return image;
  } finally {
    await file.reader.close();
  }
}

/** The format by a file's first bytes (unpacked), null when it is none of the four. */
export function sniffFormat(start: Uint8Array): ImageFormat | null {
  const text = binaryText(start.subarray(0, 512));
  if (/^NRRD\d{4}/.test(text)) return "nrrd";
  if (isTiff(start)) return "tiff";
  if (niftiVersion(start)) return "nifti";
  if (/^\s*(ObjectType|NDims|Comment|ObjectSubType|TransformType|DimSize)\s*=/i.test(text))
    return "metaimage";
  return null;
}

/** A character for every byte; TextDecoder would take "latin1" for Windows' code page. */
function binaryText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function nameWarnings(format: ImageFormat, packed: boolean, name: string): string[] {
  const warnings: string[] = [];
  if (!EXTENSIONS[format].test(name)) {
    warnings.push(`The file is ${FORMAT_NAMES[format]} by its content and was read as one.`);
  } else if (/\.gz$/i.test(name) && !packed) {
    warnings.push("The file is not compressed although its name ends in .gz.");
  }
  return warnings;
}

/** Beginnings of files that people mistake for a volume: offset, a character for every byte, what it is. */
const OTHERS: readonly [number, string, string][] = [
  [128, "DICM", "a DICOM file"],
  [0, "\x89PNG", "a PNG picture"],
  [0, "\xff\xd8\xff", "a JPEG picture"],
  [0, "PK\x03\x04", "a ZIP archive"],
  [0, "\x89HDF", "an HDF5 or MINC file"],
  [0, "CDF", "a MINC or NetCDF file"],
  [0, "# vtk DataFile", "a VTK file"],
  [0, "\0\0\0\x01\0\0\x01", "a FreeSurfer MGH image"],
  [0, "\x93NUMPY", "a NumPy array"],
  [0, "glTF", "a GLB surface"],
  [0, "solid ", "an STL surface"],
  [0, "ply", "a PLY surface"],
  [0, "%PDF", "a PDF document"],
  [0, "<?xml", "an XML file"],
  [0, "{", "a JSON file"],
];

function unknownFormat(start: Uint8Array, name: string): Error {
  const text = binaryText(start);
  const other = OTHERS.find(([offset, beginning]) => text.startsWith(beginning, offset));
  return inputError(
    "format",
    other
      ? `${name} is ${other[2]}, not a NIfTI, NRRD, MetaImage or TIFF volume.`
      : `${name} is in no known image format (NIfTI, NRRD, MetaImage, TIFF, DICOM).`,
    "Convert it to NIfTI (.nii.gz) first, or check that it is the right file.",
  );
}
