import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { inputError, type JobOptions, sameGrid, throwIfCancelled } from "@viscera/core";
import type { RawLabel } from "../image/image.js";
import { readImage } from "../image/read-image.js";
import { emptyLabels, type LabelImage, labelsFromImage } from "../labels/label-image.js";
import { readLabelNames } from "../labels/names.js";
import { isDicomFile } from "./dicom-files.js";
import { readingError } from "./file-errors.js";
import { fileSource, IMAGE_FILE, sha256Files } from "./files.js";
import { nodeDecompress } from "./gzip.js";

/** Labels as a file or folder gives them. */
export interface LabelFile extends LabelImage {
  /** Names as found, sorted by id; ids without a name may occur in the data. */
  names: RawLabel[];
  /** The file that the names are from, without folder; null when none was found. */
  namesFrom: string | null;
  warnings: string[];
  sha256: string;
}

export interface ReadLabelsOptions extends JobOptions {
  /** Accept an image without any labelled voxel; a prediction may be one. */
  mayBeEmpty?: boolean;
}

const NAME_FILES = [".json", ".tsv", ".csv", ".txt", ".ctbl", ".label"];

/**
 * Reads labels from an image, or from a folder of one mask per structure (names from the file names). Names
 * come from the file itself (NIfTI extension, segment fields), else from `<stem>.json|tsv|csv|txt|ctbl|label`,
 * `labels.json` or `dataset.json` beside it. Throws `input.*`: labels, empty-labels, and those of `readImage`.
 */
export async function readLabels(path: string, options: ReadLabelsOptions = {}): Promise<LabelFile> {
  const info = await stat(path).catch((error) => {
    throw readingError(error, path);
  });
  return info.isDirectory() ? readMaskFolder(path, options) : readLabelFile(path, options);
}

async function readLabelFile(path: string, options: ReadLabelsOptions): Promise<LabelFile> {
  const files = [path];
  const source = await fileSource(path, (beside) => files.push(beside));
  if (await isDicomFile(path)) {
    throw inputError(
      "format",
      `${source.name} is a DICOM file; labels are read from NIfTI, NRRD, MetaImage and TIFF only.`,
      "Convert a DICOM SEG to NRRD or NIfTI first, for example with segimage2itkimage of dcmqi.",
    );
  }
  const image = await readImage(source, { ...options, decompress: nodeDecompress });
  const { mayBeEmpty = false } = options;
  const { labels, names, warnings } = labelsFromImage(image, source.name, { mayBeEmpty });
  const found = names.length > 0 ? { names, from: source.name } : await namesBeside(path, warnings);
  return {
    ...labels,
    names: [...found.names].sort((a, b) => a.id - b.id),
    namesFrom: found.from,
    warnings,
    sha256: await sha256Files(files),
  };
}

/** Names from a file beside the image; one that cannot be read is passed over with a warning. */
async function namesBeside(
  path: string,
  warnings: string[],
): Promise<{ names: RawLabel[]; from: string | null }> {
  const stem = basename(path).replace(IMAGE_FILE, "");
  const candidates = [...NAME_FILES.map((ending) => stem + ending), "labels.json", "dataset.json"];
  for (const name of candidates) {
    const text = await readFile(join(dirname(path), name), "utf8").catch(() => null);
    if (text === null) continue;
    try {
      return { names: readLabelNames(text, name), from: name };
    } catch {
      const kind = name.slice(name.lastIndexOf("."));
      warnings.push(
        `A ${kind} file beside the labels holds no names that can be read, so it was passed over.`,
      );
    }
  }
  return { names: [], from: null };
}

/** One mask per structure: every voxel above 0 belongs to it; ids are 1, 2, ... in the files' sorted order. */
async function readMaskFolder(folder: string, options: JobOptions): Promise<LabelFile> {
  const files = (await readdir(folder))
    .filter((name) => IMAGE_FILE.test(name) && !name.startsWith("."))
    .sort((a, b) => (a < b ? -1 : 1));
  if (files.length === 0) {
    throw inputError(
      "no-masks",
      `${folder} holds no mask images.`,
      "Give a folder of one NIfTI, NRRD, MetaImage or TIFF mask per structure, or a single label image.",
    );
  }
  const names: RawLabel[] = [];
  const warnings: string[] = [];
  const hash = createHash("sha256");
  let labels: LabelImage | null = null;
  const overlaps = new Map<string, number>();
  for (const [i, file] of files.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "Reading masks", done: i, total: files.length });
    const path = join(folder, file);
    const mask = await readMask(path, options);
    hash.update(`${file}\0${mask.sha256}\n`);
    const id = i + 1;
    const name = file.replace(IMAGE_FILE, "");
    names.push({ id, name });
    warnings.push(...mask.warnings.map((warning) => `${name}: ${warning}`));
    labels ??= {
      size: mask.size,
      affine: mask.affine,
      data: files.length < 256 ? new Uint8Array(mask.data.length) : new Uint16Array(mask.data.length),
    };
    if (!sameGrid(labels, mask)) {
      throw inputError(
        "mask-grid",
        `The masks ${files[0]} and ${file} do not lie on the same grid.`,
        "Resample them to one grid, or leave the odd one out.",
      );
    }
    const { data } = labels;
    for (let v = 0; v < data.length; v++) {
      if (mask.data[v] === 0) continue;
      if (data[v] !== 0) {
        const other = names[data[v]! - 1]!.name!;
        overlaps.set(other, (overlaps.get(other) ?? 0) + 1);
      }
      data[v] = id;
    }
  }
  for (const [name, count] of overlaps) {
    warnings.push(`${count} voxels of ${name} also belong to a later mask, which took them.`);
  }
  if (!labels || labels.data.every((value) => value === 0)) throw emptyLabels(folder);
  return {
    ...labels,
    names,
    namesFrom: "file names",
    warnings,
    sha256: hash.digest("hex"),
  };
}

/** A mask: one value besides 0. Unlike a label image it may be empty. */
async function readMask(
  path: string,
  options: JobOptions,
): Promise<LabelImage & { warnings: string[]; sha256: string }> {
  const files = [path];
  const source = await fileSource(path, (beside) => files.push(beside));
  const { signal } = options;
  const image = await readImage(source, { ...(signal ? { signal } : {}), decompress: nodeDecompress });
  const { labels, warnings } = labelsFromImage(image, source.name, { mayBeEmpty: true });
  const inside = labels.data.find((value) => value !== 0);
  if (labels.data.some((value) => value !== 0 && value !== inside)) {
    throw inputError(
      "mask-values",
      `${source.name} holds several structures, but in a folder each file is the mask of one.`,
      "Name the file itself to read it as a label image.",
    );
  }
  return { ...labels, warnings, sha256: await sha256Files(files) };
}
