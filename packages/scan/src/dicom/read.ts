/** DICOM files in, one volume out. */
import {
  inputError,
  type JobOptions,
  orientationOf,
  type Patient,
  type Size3,
  spacingOf,
  throwIfCancelled,
  VisceraError,
  type Volume,
} from "@viscera/core";
import { type DicomFile, parseDicom } from "./elements.js";
import type { FrameInfo } from "./frames.js";
import { keepsIntegers, rescaled } from "./modality.js";
import { type FramePixels, FrameReader, isColour } from "./pixels.js";
import { blended, shifted } from "./resample.js";
import { pickSeries, type Series, sortIntoSeries } from "./series.js";
import { type DicomSource, type Headers, readHeaders } from "./sources.js";
import { type Stack, stackOf } from "./stack.js";
import { VoxelWriter } from "./voxels.js";

/** A series as lists show it; nothing in it tells who the patient is. */
export interface DicomSeriesInfo {
  /** What `readDicom` takes as `series`: the series UID, with "#1", "#2", ... for parts of a series. */
  uid: string;
  /** What tells a part from the others of its series ("echo 2"); null for a whole series. */
  part: string | null;
  modality: string | null;
  images: number;
  size: Size3;
  /** mm along i, j, k; null when the images form no volume. */
  spacing: [number, number, number] | null;
  /** As "LPS": where i, j and k grow to; null when the images form no volume. */
  orientation: string | null;
  colour: boolean;
  /** Why it cannot be read as it is; null when it can. */
  problem: string | null;
}

export interface DicomResult {
  /** RAS+ mm. The luminance for an image in colour. */
  volume: Volume;
  /** Interleaved RGB on the volume's grid for an image in colour, else null. */
  colour: null | { channels: 3; data: Uint8Array };
  /** Age, sex, height and weight, as far as the header says them. */
  patient: Partial<Patient>;
  warnings: string[];
  seriesUid: string;
}

export interface ReadDicomOptions extends JobOptions {
  /** Series UID (with "#1", ... for a part) where the files hold several. */
  series?: string;
  /** Interpolate over missing slices instead of refusing them. */
  allowGaps?: boolean;
}

/** CT outside the scanned field is air. */
const AIR_HU = -1000;

/**
 * The image series among the files, in order of their UIDs. Other objects and files are passed over.
 * @throws `input.dicom-*` for damaged files.
 */
export async function listDicomSeries(
  sources: readonly DicomSource[],
  options: JobOptions = {},
): Promise<DicomSeriesInfo[]> {
  const headers = await readHeaders(sources, options);
  const unnamed = headers.broken.find(({ seriesUid }) => seriesUid === "");
  if (unnamed) throw unnamed.error;
  return sortIntoSeries(headers.images).map((series) => infoOf(series, headers));
}

function infoOf(series: Series, headers: Headers): DicomSeriesInfo {
  const first = series.frames[0]!;
  const { format, modality } = first.image;
  const info: DicomSeriesInfo = {
    uid: series.id,
    part: series.part,
    modality,
    images: series.frames.length,
    size: [format.columns, format.rows, series.frames.length],
    spacing: null,
    orientation: null,
    colour: isColour(format),
    problem: headers.broken.find(({ seriesUid }) => seriesUid === series.uid)?.error.message ?? null,
  };
  try {
    const { size, affine } = stackOf(series.frames, true);
    info.size = size;
    info.spacing = spacingOf(affine);
    info.orientation = orientationOf(affine);
    stackOf(series.frames, false);
  } catch (error) {
    if (!(error instanceof VisceraError)) throw error;
    info.problem ??= error.message;
  }
  return info;
}

function describe(info: DicomSeriesInfo): string {
  const spacing = info.spacing?.map((mm) => Math.round(mm * 100) / 100).join("x");
  const size = info.size.join("x") + (spacing ? ` of ${spacing} mm ${info.orientation}` : "");
  const facts = [info.modality ?? "unknown modality", info.part, `${info.images} image(s)`, size];
  if (info.colour) facts.push("colour");
  return `${info.uid} (${facts.filter(Boolean).join(", ")})`;
}

/**
 * Reads one series as a volume: headers first, then slice by slice, so that memory holds the volume and one
 * file at a time. Gantry tilt and uneven spacing are resampled away, with a warning.
 * @throws `input.dicom-*`: no image, several series, mixed directions, no volume, missing slices, damage.
 */
export async function readDicom(
  sources: readonly DicomSource[],
  options: ReadDicomOptions = {},
): Promise<DicomResult> {
  const headers = await readHeaders(sources, options);
  const series = chooseSeries(headers, sources.length, options.series);
  const stack = stackOf(series.frames, options.allowGaps ?? false);
  const warnings = [...series.warnings, ...stack.warnings];
  if (headers.others.length > 0)
    warnings.push(
      `${headers.others.length} DICOM object(s) that are no images were left out (${[...new Set(headers.others)].sort().join(", ")}).`,
    );
  const { modality } = series.frames[0]!.image;
  const pixels = new SliceReader(sources, stack, modality);
  const { size, affine } = stack;
  const colour = isColour(series.frames[0]!.image.format);
  const unit = colour ? null : unitOf(series.frames, warnings);
  if (!colour && series.frames[0]!.image.format.photometric === "MONOCHROME1")
    warnings.push("The image is meant to be shown inverted (MONOCHROME1); its values are as stored.");
  const sliceLength = size[0] * size[1];
  const integers = series.frames.every(
    ({ image, rescale }) => image.format.kind === "integer" && keepsIntegers(rescale),
  );
  const writer = new VoxelWriter(sliceLength, size[2], integers || colour);
  const rgb = colour ? new Uint8Array(3 * sliceLength * size[2]) : null;
  for (let k = 0; k < size[2]; k++) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "decoding slices", done: k, total: size[2] });
    const values = await pixels.slice(k);
    if (rgb) {
      rgb.set(values.map(Math.round), 3 * sliceLength * k);
      writer.put(k, luminance(values));
    } else writer.put(k, values);
  }
  options.onProgress?.({ stage: "decoding slices", done: size[2], total: size[2] });
  return {
    volume: { size, affine, data: writer.data, modality, unit },
    colour: rgb && { channels: 3, data: rgb },
    patient: Object.assign({}, ...series.frames.map(({ image }) => image.patient).reverse()),
    warnings,
    seriesUid: series.uid,
  };
}

function chooseSeries(headers: Headers, files: number, wanted: string | undefined): Series {
  const all = sortIntoSeries(headers.images);
  if (all.length === 0) {
    const [broken] = headers.broken;
    if (broken) throw broken.error;
    if (headers.others.length > 0)
      throw inputError(
        "dicom-no-image",
        `The DICOM files hold no image, only ${[...new Set(headers.others)].sort().join(", ")}.`,
        "Give the CT or MR images that these objects belong to.",
      );
    throw inputError(
      "dicom-not",
      `There is no DICOM image among the ${files} file(s).`,
      "Give a folder of .dcm files.",
    );
  }
  const series = pickSeries(all, wanted, (one) => describe(infoOf(one, headers)));
  const broken = headers.broken.find(({ seriesUid }) => seriesUid === series.uid || seriesUid === "");
  if (broken) throw broken.error;
  return series;
}

/** Unit of the values: HU for CT; what PET and dose files say; null when unknown. */
function unitOf(frames: readonly FrameInfo[], warnings: string[]): string | null {
  const { image, rescale, hasRescale } = frames[0]!;
  if (image.modality === "CT") {
    if (!hasRescale)
      warnings.push("The CT does not say how to turn its values into Hounsfield units; they are as stored.");
    return hasRescale && (rescale.type === null || rescale.type === "HU") ? "HU" : null;
  }
  const units: Record<string, string> = { BQML: "Bq/mL", GY: "Gy" };
  return units[image.units ?? ""] ?? null;
}

function luminance(rgb: Float64Array): Float64Array {
  const out = new Float64Array(rgb.length / 3);
  for (let i = 0; i < out.length; i++)
    out[i] = 0.299 * rgb[3 * i]! + 0.587 * rgb[3 * i + 1]! + 0.114 * rgb[3 * i + 2]!;
  return out;
}

/** Makes the slices of a stack in order, holding on to one file and two decoded images. */
class SliceReader {
  private readonly sources: readonly DicomSource[];
  private readonly stack: Stack;
  private readonly outside: number;
  private open: { source: number; reader: FrameReader } | null = null;
  private decoded: { frame: number; values: Float64Array }[] = [];

  constructor(sources: readonly DicomSource[], stack: Stack, modality: string | null) {
    this.sources = sources;
    this.stack = stack;
    this.outside = modality === "CT" && !isColour(stack.frames[0]!.image.format) ? AIR_HU : 0;
  }

  /** Values of slice `k`; the caller must not change them. */
  async slice(k: number): Promise<Float64Array> {
    const { below, above, weight } = this.stack.slices[k]!;
    const a = await this.image(below);
    return weight === 0 ? a : blended(a, await this.image(above), weight);
  }

  private async image(index: number): Promise<Float64Array> {
    const known = this.decoded.find(({ frame }) => frame === index);
    if (known) return known.values;
    const { stack } = this;
    const frame = stack.frames[index]!;
    let values = meaningOf(await this.pixels(frame), frame);
    if (stack.shifts) {
      const [columns, rows] = stack.size;
      const channels = isColour(frame.image.format) ? 3 : 1;
      const shift = stack.shifts[index]!;
      values = shifted(values, frame.image.format, { columns, rows }, shift, this.outside, channels);
    }
    this.decoded = [...this.decoded.slice(-1), { frame: index, values }];
    return values;
  }

  private async pixels({ image, frame }: FrameInfo): Promise<FramePixels> {
    if (this.open?.source !== image.source) {
      this.open = null;
      const bytes = await this.sources[image.source]!.read();
      const file: DicomFile = parseDicom(bytes, image.label);
      this.open = { source: image.source, reader: new FrameReader(file, image.format, image.label) };
    }
    return this.open.reader.read(frame);
  }
}

function meaningOf({ rgb, values }: FramePixels, { rescale }: FrameInfo): Float64Array {
  if (rgb) return Float64Array.from(rgb);
  const out = new Float64Array(values.length);
  if (rescale.table) for (let i = 0; i < out.length; i++) out[i] = rescaled(values[i]!, rescale);
  else {
    const { slope, intercept } = rescale;
    for (let i = 0; i < out.length; i++) out[i] = values[i]! * slope + intercept;
  }
  return out;
}
