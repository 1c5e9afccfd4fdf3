/**
 * The images of a DICOM file: for each frame where it lies in the patient (LPS mm), what its values mean, and
 * the marks by which a series that holds several volumes can be divided. Classic, multi-frame and enhanced
 * objects (functional groups, PS3.3 C.7.6.16) come out alike.
 */
import { inputError, type Patient, type Vec3 } from "@viscera/core";
import { type Attribute, nameOf } from "./attributes.js";
import type { Dataset } from "./dataset.js";
import type { DicomFile } from "./elements.js";
import { NO_RESCALE, type Rescale, rescaleOf } from "./modality.js";
import { patientOf } from "./patient.js";
import { type PixelFormat, pixelFormatOf } from "./pixel-format.js";

/** How an image plane lies in the patient. */
export interface Plane {
  /** Centre of the first pixel, LPS mm. */
  position: Vec3;
  /** Unit vectors along a row (growing column index) and along a column, LPS. */
  rowDirection: Vec3;
  columnDirection: Vec3;
}

/** What may tell apart the volumes of a 4D series, in the order in which they are tried. */
export const MARKS = [
  "temporal position",
  "echo",
  "echo time",
  "diffusion b-value",
  "diffusion direction",
  "image type",
  "trigger time",
  "inversion time",
  "stack",
  "acquisition",
] as const;
export type Mark = (typeof MARKS)[number];

export interface FrameInfo {
  image: ImageFile;
  /** Index within the file. */
  frame: number;
  instanceNumber: number;
  /** Null where the file does not place its images in the patient. */
  plane: Plane | null;
  /** mm between columns and between rows; null where the file does not say. */
  pixelSpacing: readonly [number, number] | null;
  rescale: Rescale;
  hasRescale: boolean;
  marks: Partial<Record<Mark, string>>;
}

export interface ImageFile {
  /** Index into the sources the file came from. */
  source: number;
  label: string;
  seriesUid: string;
  instanceUid: string | null;
  modality: string | null;
  /** What an image is that does not belong to the volume it comes with; null for all others. */
  aside: "localizer" | "secondary capture" | null;
  format: PixelFormat;
  /** Thickness of a slice in mm, null when unknown. */
  thickness: number | null;
  units: string | null;
  patient: Partial<Patient>;
  frames: FrameInfo[];
}

const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/;

/** Reads an image's header. @throws `input.dicom-*` for missing or senseless values. */
export function imageOf(file: DicomFile, source: number, label: string): ImageFile {
  const { dataset } = file;
  if (dataset.texts("ImageType").includes("MOSAIC"))
    throw inputError(
      "dicom-mosaic",
      `${label} is a mosaic: a whole volume laid out as tiles of one image, which cannot be read.`,
      "Export the series as separate slices or as enhanced multi-frame images.",
    );
  const format = pixelFormatOf(file, label);
  const image: ImageFile = {
    source,
    label,
    seriesUid: dataset.text("SeriesInstanceUID") ?? "",
    instanceUid: dataset.text("SOPInstanceUID"),
    modality: dataset.text("Modality"),
    aside: dataset.texts("ImageType").includes("LOCALIZER")
      ? "localizer"
      : SECONDARY_CAPTURE.test(dataset.text("SOPClassUID") ?? "")
        ? "secondary capture"
        : null,
    format,
    thickness: dataset.number("SliceThickness") ?? dataset.number("SpacingBetweenSlices"),
    units: dataset.text("Units") ?? dataset.text("DoseUnits"),
    patient: patientOf(dataset),
    frames: [],
  };
  const [shared] = dataset.items("SharedFunctionalGroupsSequence");
  const perFrame = dataset.items("PerFrameFunctionalGroupsSequence");
  const offsets = dataset.numbers("GridFrameOffsetVector");
  if (perFrame.length > 0 && perFrame.length < format.frames)
    throw inputError(
      "dicom-missing-tag",
      `${label} describes ${perFrame.length} of its ${format.frames} frames: the file is damaged.`,
    );
  for (let frame = 0; frame < format.frames; frame++) {
    const groups = [perFrame[frame], shared].filter((group) => group !== undefined);
    const info = frameOf(image, frame, dataset, groups);
    // Dose grids: one position, and each frame's distance or own coordinate along the normal (C.8.8.3.2).
    if (info.plane && offsets.length === format.frames && groups.length === 0)
      info.plane = { ...info.plane, position: alongNormal(info.plane, offsets[frame]! - offsets[0]!) };
    image.frames.push(info);
  }
  return image;
}

function frameOf(image: ImageFile, frame: number, dataset: Dataset, groups: Dataset[]): FrameInfo {
  /** The item of a functional group that holds an attribute, else the data set itself. */
  const holder = (sequence: Attribute): Dataset =>
    groups.map((group) => group.items(sequence)[0]).find((item) => item !== undefined) ?? dataset;
  const { label } = image;
  const measures = holder("PixelMeasuresSequence");
  image.thickness ??= measures.number("SliceThickness") ?? measures.number("SpacingBetweenSlices");
  const rescale = rescaleOf(holder("PixelValueTransformationSequence"), image.format.signed, label);
  return {
    image,
    frame,
    instanceNumber: dataset.number("InstanceNumber") ?? 0,
    plane: planeOf(holder("PlanePositionSequence"), holder("PlaneOrientationSequence"), label),
    pixelSpacing: pixelSpacingOf(measures, label),
    rescale: rescale ?? NO_RESCALE,
    hasRescale: rescale !== null,
    marks: marksOf(dataset, holder),
  };
}

function planeOf(positions: Dataset, orientations: Dataset, label: string): Plane | null {
  const position = vector(positions, "ImagePositionPatient", 3, label);
  const orientation = vector(orientations, "ImageOrientationPatient", 6, label);
  if (!position || !orientation) return null;
  const [x, y, z] = position;
  const rowDirection = unit(orientation.slice(0, 3));
  const columnDirection = unit(orientation.slice(3));
  if (!rowDirection || !columnDirection || Math.abs(dot(rowDirection, columnDirection)) > 1e-2)
    throw inputError(
      "dicom-orientation",
      `${label} has an ${nameOf("ImageOrientationPatient")} whose two directions are not at right angles.`,
      "Export the image again from the archive or viewer.",
    );
  return { position: [x!, y!, z!], rowDirection, columnDirection };
}

/** `count` finite numbers, null when the attribute is missing or empty. */
function vector(dataset: Dataset, keyword: Attribute, count: number, label: string): number[] | null {
  const values = dataset.numbers(keyword);
  if (values.length === 0) return null;
  if (values.length < count || !values.every(Number.isFinite))
    throw inputError(
      "dicom-geometry",
      `${label} has an ${nameOf(keyword)} that is not ${count} numbers.`,
      "Export the image again from the archive or viewer.",
    );
  return values;
}

function pixelSpacingOf(dataset: Dataset, label: string): [number, number] | null {
  for (const keyword of ["PixelSpacing", "ImagerPixelSpacing"] as const) {
    const [betweenRows, betweenColumns] = dataset.numbers(keyword);
    if (betweenRows === undefined) continue;
    if (!(betweenRows > 0 && betweenColumns! > 0 && betweenRows < 1e4 && betweenColumns! < 1e4))
      throw inputError(
        "dicom-geometry",
        `${label} has a ${nameOf(keyword)} that is not two distances above zero.`,
        "Export the image again from the archive or viewer.",
      );
    return [betweenColumns!, betweenRows];
  }
  return null;
}

function marksOf(dataset: Dataset, holder: (sequence: Attribute) => Dataset): FrameInfo["marks"] {
  const content = holder("FrameContentSequence");
  const echo = holder("MREchoSequence");
  const diffusion = holder("MRDiffusionSequence");
  const [direction] = diffusion.items("DiffusionDirectionSequence");
  const frameType = ["MRImageFrameTypeSequence", "CTImageFrameTypeSequence"] as const;
  const types = frameType.map((sequence) => holder(sequence)).find((item) => item.text("FrameType"));
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? "" : `${value}`;
  return {
    "temporal position": number(
      content.number("TemporalPositionIndex") ?? dataset.number("TemporalPositionIdentifier"),
    ),
    echo: number(dataset.number("EchoNumbers")),
    "echo time": number(echo.number("EffectiveEchoTime") ?? dataset.number("EchoTime")),
    "diffusion b-value": number(diffusion.number("DiffusionBValue")),
    "diffusion direction": (direction ?? diffusion).numbers("DiffusionGradientOrientation").join(" "),
    "image type": (types?.texts("FrameType") ?? dataset.texts("ImageType")).join(" "),
    "trigger time": number(dataset.number("TriggerTime")),
    "inversion time": number(dataset.number("InversionTime")),
    stack: content.text("StackID") ?? "",
    acquisition: number(dataset.number("AcquisitionNumber")),
  };
}

export function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Unit normal of a plane: row direction x column direction. */
export function normalOf({ rowDirection: r, columnDirection: c }: Plane): Vec3 {
  return [r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]];
}

function alongNormal(plane: Plane, distance: number): Vec3 {
  const n = normalOf(plane);
  const [x, y, z] = plane.position;
  return [x + n[0] * distance, y + n[1] * distance, z + n[2] * distance];
}

function unit(v: readonly number[]): Vec3 | null {
  const length = Math.hypot(...v);
  return length > 0.5 && length < 2 ? [v[0]! / length, v[1]! / length, v[2]! / length] : null;
}
