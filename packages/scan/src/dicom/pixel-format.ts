/** The image pixel module (PS3.3 C.7.6.3): how samples are stored, checked against the bytes there are. */
import { inputError } from "@viscera/core";
import { type Attribute, nameOf } from "./attributes.js";
import type { DicomFile } from "./elements.js";
import { type Coding, codingOf } from "./transfer-syntax.js";

export interface PixelFormat {
  coding: Coding;
  kind: "integer" | "float" | "double";
  rows: number;
  columns: number;
  frames: number;
  /** 1 or 3. */
  samplesPerPixel: number;
  photometric: string;
  planar: boolean;
  bitsAllocated: number;
  bitsStored: number;
  highBit: number;
  signed: boolean;
}

/** Ratio no lossless or lossy medical image reaches; a header that claims more is wrong. */
const MAX_COMPRESSION = 4096;
const ALWAYS_PLAUSIBLE_PIXELS = 1 << 24;
/** More than any scanner's, few enough to list. */
const MAX_FRAMES = 1 << 17;

function required(file: DicomFile, keyword: Attribute, label: string): number {
  const value = file.dataset.number(keyword);
  if (value === null)
    throw inputError(
      "dicom-missing-tag",
      `${label} lacks ${nameOf(keyword)}, without which its pixels cannot be read.`,
      "Export the image again from the archive or viewer.",
    );
  return value;
}

/**
 * Pixel format of an image file.
 * @throws `input.dicom-*` for missing or senseless values, and when the file holds fewer bytes than they claim.
 */
export function pixelFormatOf(file: DicomFile, label: string): PixelFormat {
  const { dataset } = file;
  const place = file.pixelData!;
  const coding = codingOf(file.transferSyntax, label);
  const rows = required(file, "Rows", label);
  const columns = required(file, "Columns", label);
  const frames = dataset.number("NumberOfFrames") ?? 1;
  const samplesPerPixel = dataset.number("SamplesPerPixel") ?? 1;
  const bitsAllocated = place.kind === "integer" ? required(file, "BitsAllocated", label) : 32;
  const bitsStored = dataset.number("BitsStored") ?? bitsAllocated;
  const highBit = dataset.number("HighBit") ?? bitsStored - 1;
  const photometric = dataset.text("PhotometricInterpretation") ?? "MONOCHROME2";
  if (rows < 1 || columns < 1 || frames < 1 || frames > MAX_FRAMES || !Number.isInteger(frames))
    throw inputError("dicom-size", `${label} says it holds ${frames} frames of ${columns}x${rows} pixels.`);
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3)
    throw inputError("dicom-pixels", `${label} has ${samplesPerPixel} samples a pixel; 1 and 3 can be read.`);
  if (place.kind === "integer" && ![1, 8, 16, 32].includes(bitsAllocated))
    throw inputError(
      "dicom-pixels",
      `${label} stores its samples in ${bitsAllocated} bits; 1, 8, 16 and 32 can be read.`,
      "Export the image again with 16 bits allocated.",
    );
  if (bitsStored < 1 || bitsStored > bitsAllocated)
    throw inputError("dicom-pixels", `${label} says ${bitsStored} of ${bitsAllocated} bits are in use.`);
  const format: PixelFormat = {
    coding,
    kind: place.kind,
    rows,
    columns,
    frames,
    samplesPerPixel,
    photometric,
    planar: dataset.number("PlanarConfiguration") === 1,
    bitsAllocated: place.kind === "double" ? 64 : bitsAllocated,
    bitsStored,
    // A high bit that leaves no room for the stored bits is a writer's slip; the low bits are meant.
    highBit: highBit >= bitsStored - 1 && highBit < bitsAllocated ? highBit : bitsStored - 1,
    signed: dataset.number("PixelRepresentation") === 1,
  };
  checkAgainstBytes(file, format, label);
  return format;
}

/** Bytes of one frame of native pixel data (a fraction for 1-bit frames, which are packed without gaps). */
export function nativeFrameBytes(format: PixelFormat): number {
  const perPixel = format.photometric === "YBR_FULL_422" ? 2 : format.samplesPerPixel;
  return (format.rows * format.columns * perPixel * format.bitsAllocated) / 8;
}

function checkAgainstBytes(file: DicomFile, format: PixelFormat, label: string): void {
  const { offset, length } = file.pixelData!;
  const there = length ?? file.bytes.length - offset;
  const missing = () =>
    inputError(
      "dicom-truncated",
      `${label} says it holds ${format.frames} frame(s) of ${format.columns}x${format.rows} pixels but has only ${Math.max(0, there)} bytes of pixel data.`,
      "Copy the file again from its source.",
    );
  if (there > file.bytes.length - offset) throw missing();
  if (format.coding === "native") {
    if (Math.ceil(nativeFrameBytes(format) * format.frames) > there) throw missing();
  } else {
    const pixels = format.rows * format.columns * format.frames;
    // Each frame needs a fragment, whose item header alone takes eight bytes.
    if (format.frames * 8 > there || pixels > Math.max(ALWAYS_PLAUSIBLE_PIXELS, there * MAX_COMPRESSION))
      throw missing();
  }
}
