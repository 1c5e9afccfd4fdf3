/** Reads the headers of a pile of files: which are DICOM images, which are other objects, which are neither. */
import { inputError, type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import { looksLikeDicom, parseDicom } from "./elements.js";
import { type ImageFile, imageOf } from "./frames.js";

/** One file. `name` serves sorting and messages: a base name, no path. */
export interface DicomSource {
  name: string;
  read(): Promise<Uint8Array>;
}

export interface Headers {
  images: ImageFile[];
  /** Image files whose header cannot be used, with their series. */
  broken: { seriesUid: string; error: VisceraError }[];
  /** Modalities (or "other objects") of DICOM objects that are no images. */
  others: string[];
}

const SEGMENTATION_STORAGE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.66\.[47]$/;
/** CT, MR and PET images, classic and enhanced: without pixels such a file is cut off. */
const IMAGE_STORAGE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(2|2\.1|4|4\.1|20|128|130)$/;

/**
 * Reads all headers; pixel data are let go at once. Files that are not DICOM are passed over.
 * @throws `input.dicom-truncated` or `input.dicom-damaged` for a DICOM file whose header cannot be read.
 */
export async function readHeaders(sources: readonly DicomSource[], options: JobOptions): Promise<Headers> {
  const headers: Headers = { images: [], broken: [], others: [] };
  for (const [index, source] of sources.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "reading headers", done: index, total: sources.length });
    const bytes = await source.read();
    if (looksLikeDicom(bytes)) readHeader(bytes, index, source.name, headers);
  }
  options.onProgress?.({ stage: "reading headers", done: sources.length, total: sources.length });
  return headers;
}

function readHeader(bytes: Uint8Array, index: number, name: string, headers: Headers): void {
  const marked = bytes[128] === 0x44 && bytes[129] === 0x49;
  let file: ReturnType<typeof parseDicom>;
  try {
    file = parseDicom(bytes, name);
  } catch (error) {
    // Without the DICM mark it only looked like DICOM.
    if (!marked) return;
    throw error;
  }
  const { dataset } = file;
  const modality = dataset.text("Modality");
  const storage = dataset.text("SOPClassUID") ?? "";
  const segmentation = SEGMENTATION_STORAGE.test(storage) || modality === "SEG";
  if (!marked && modality === null && !file.pixelData) return;
  if (segmentation || (!file.pixelData && dataset.number("Rows") === null && !IMAGE_STORAGE.test(storage))) {
    headers.others.push(segmentation ? "SEG" : (modality ?? "other objects"));
    return;
  }
  try {
    if (!file.pixelData)
      throw inputError(
        "dicom-truncated",
        `${name} has no pixel data: the file is cut off, or only its header was exported.`,
        "Copy the file again from its source.",
      );
    headers.images.push(imageOf(file, index, name));
  } catch (error) {
    if (!(error instanceof VisceraError)) throw error;
    headers.broken.push({ seriesUid: dataset.text("SeriesInstanceUID") ?? "", error });
  }
}
