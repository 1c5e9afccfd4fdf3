/**
 * Slices in order along their normal, the checks that make a volume of them, and the plan of resampling where
 * the gantry was tilted or the slices are unevenly spaced.
 */
import { type Affine, flipRasLps, inputError, type Size3, type Vec3 } from "@viscera/core";
import { nameOf } from "./attributes.js";
import { dot, type FrameInfo, normalOf, type Plane } from "./frames.js";
import { placesOf } from "./series.js";

/** Where slice `k` of the volume comes from. */
export interface SliceRecipe {
  /** Indices into `Stack.frames`; the value is (1 - weight) * below + weight * above. */
  below: number;
  above: number;
  weight: number;
}

/** In-plane resampling: column `c` of the volume is column `c - shift` of the image. */
export interface Shift {
  columns: number;
  rows: number;
}

export interface Stack {
  /** Images in order along the slice axis. */
  frames: FrameInfo[];
  size: Size3;
  /** Voxel -> RAS mm. */
  affine: Affine;
  slices: SliceRecipe[];
  /** For each frame, null where images are taken over as they are. */
  shifts: Shift[] | null;
  warnings: string[];
}

/** A resampled volume may have so many times the slices, columns and rows of its images. */
const MAX_GROWTH = 8;
/** A step of so many median steps or more is missing slices. */
const GAP = 1.9;
/** Positions within this part of a step from even spacing are even: headers round them. */
const UNEVEN = 0.1;
/** Shear below this many degrees goes into the affine; above it the volume is resampled upright. */
const TILT_DEGREES = 0.5;
/** Pixels that slices may lie beside their common line before each is moved by itself. */
const STRAY_PIXELS = 0.25;

const DEFAULT_PLANE: Plane = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };

/**
 * Puts images of one geometry in order.
 * @throws `input.dicom-missing-tag`, `input.dicom-not-a-volume`, `input.dicom-gap` when they form no volume.
 */
export function stackOf(frames: readonly FrameInfo[], allowGaps: boolean): Stack {
  const warnings: string[] = [];
  const places = placesOf(checkPlaced(frames));
  const crowded = places.find((place) => place.length > 1);
  if (crowded) throw notAVolume(frames.length, places.length);
  const ordered = places.flat();
  const first = ordered[0]!;
  const plane = first.plane ?? DEFAULT_PLANE;
  if (!first.plane)
    warnings.push("The image does not say where it lies in the patient; it was put at the origin.");
  if (!first.pixelSpacing) warnings.push("The image does not say how large its pixels are; 1 mm was taken.");
  const spacing = first.pixelSpacing ?? [1, 1];
  const { rows, columns } = first.image.format;
  if (ordered.length === 1) {
    if (first.image.thickness === null || first.image.thickness <= 0)
      warnings.push("The slice does not say how thick it is; 1 mm was taken.");
    const thickness = first.image.thickness && first.image.thickness > 0 ? first.image.thickness : 1;
    const step = scale(normalOf(plane), thickness);
    return {
      frames: ordered,
      size: [columns, rows, 1],
      affine: affineOf(plane, spacing, plane.position, step),
      slices: [{ below: 0, above: 0, weight: 0 }],
      shifts: null,
      warnings,
    };
  }
  const normal = normalOf(plane);
  const offsets = ordered.map((frame) => subtract(frame.plane!.position, plane.position));
  const z = offsets.map((offset) => dot(offset, normal));
  const step = checkSteps(ordered, z, allowGaps, warnings);
  const u = offsets.map((offset) => dot(offset, plane.rowDirection) / spacing[0]);
  const v = offsets.map((offset) => dot(offset, plane.columnDirection) / spacing[1]);
  const upright = uprightShifts(u, v, z, spacing, warnings);
  if (step === null && !upright) {
    const mean = scale(offsets.at(-1)!, 1 / (ordered.length - 1));
    return {
      frames: ordered,
      size: [columns, rows, ordered.length],
      affine: affineOf(plane, spacing, plane.position, mean),
      slices: ordered.map((_, i) => ({ below: i, above: i, weight: 0 })),
      shifts: null,
      warnings,
    };
  }
  const stepMm = step ?? z.at(-1)! / (ordered.length - 1);
  checkGrowth(z.at(-1)! / stepMm, ordered.length);
  const slices = recipes(z, stepMm);
  if (!upright) {
    const direction = scale(offsets.at(-1)!, stepMm / z.at(-1)!);
    const affine = affineOf(plane, spacing, plane.position, direction);
    return { frames: ordered, size: [columns, rows, slices.length], affine, slices, shifts: null, warnings };
  }
  // Whole pixels are added at the sides, so that nothing is cut off and the first slice stays as it is.
  const from = { columns: floor(Math.min(...u)), rows: floor(Math.min(...v)) };
  const more = { columns: ceil(Math.max(...u)) - from.columns, rows: ceil(Math.max(...v)) - from.rows };
  checkGrowth(more.columns, columns);
  checkGrowth(more.rows, rows);
  const origin = add(
    plane.position,
    add(
      scale(plane.rowDirection, from.columns * spacing[0]),
      scale(plane.columnDirection, from.rows * spacing[1]),
    ),
  );
  return {
    frames: ordered,
    size: [columns + more.columns, rows + more.rows, slices.length],
    affine: affineOf(plane, spacing, origin, scale(normal, stepMm)),
    slices,
    shifts: ordered.map((_, i) => ({ columns: u[i]! - from.columns, rows: v[i]! - from.rows })),
    warnings,
  };
}

function checkPlaced(frames: readonly FrameInfo[]): readonly FrameInfo[] {
  if (frames.length === 1) return frames;
  const lost = frames.find((frame) => !frame.plane);
  if (lost)
    throw inputError(
      "dicom-missing-tag",
      `${lost.image.label} and other images of the series lack ${nameOf("ImagePositionPatient")} or ${nameOf("ImageOrientationPatient")}, so nothing says how they lie to each other.`,
      "Give one image alone, or export the series with its geometry.",
    );
  const bare = frames.find((frame) => !frame.pixelSpacing);
  if (bare)
    throw inputError(
      "dicom-missing-tag",
      `${bare.image.label} lacks ${nameOf("PixelSpacing")}, so nothing says how large its pixels are.`,
      "Export the series again from the archive or viewer.",
    );
  return frames;
}

function notAVolume(images: number, places: number): Error {
  if (places === 1)
    return inputError(
      "dicom-not-a-volume",
      `All ${images} images of the series lie at the same place (a monitoring or time series), so they form no volume.`,
      "Give one of the images alone, or another series.",
    );
  return inputError(
    "dicom-not-a-volume",
    `The series has ${images} images at only ${places} places and nothing tells its volumes apart, so they form no volume.`,
    "Put the images of one volume into a folder of their own.",
  );
}

/** Stray positions must not blow the volume up beyond all memory. */
function checkGrowth(grown: number, from: number): void {
  if (!(grown <= MAX_GROWTH * from))
    throw inputError(
      "dicom-not-a-volume",
      "The images of the series lie so far apart or so irregularly that they form no single volume.",
      "Put the images of one volume into a folder of their own.",
    );
}

/** Median step (the lower one of two) when the slices have to be resampled, null when they are even. */
function checkSteps(
  frames: readonly FrameInfo[],
  z: readonly number[],
  allowGaps: boolean,
  warnings: string[],
): number | null {
  const steps = z.slice(1).map((value, i) => value - z[i]!);
  const sorted = [...steps].sort((a, b) => a - b);
  const median = sorted[(sorted.length - 1) >> 1]!;
  const gaps = steps.flatMap((step, i) => (step >= GAP * median ? [i] : []));
  if (gaps.length > 0) {
    const text = gaps.map((i) => gapText(frames, i, steps[i]!, median)).join("; ");
    if (!allowGaps)
      throw inputError(
        "dicom-gap",
        `Slices are missing ${text}.`,
        "Add the missing files, or accept interpolation over the gap with --allow-gaps.",
      );
    warnings.push(`Slices are missing ${text}; the gap was filled by interpolation.`);
    return median;
  }
  if (isEven(z)) return null;
  warnings.push(
    `The slices are unevenly spaced (${mm(sorted[0]!)} to ${mm(sorted.at(-1)!)}); they were resampled to ${mm(median)}.`,
  );
  return median;
}

/** True when the positions keep close to their straight line of least squares. */
function isEven(z: readonly number[]): boolean {
  const middle = (z.length - 1) / 2;
  const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
  const covariance = z.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0);
  const step = covariance / z.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  return z.every((value, i) => Math.abs(value - mean - (i - middle) * step) <= UNEVEN * step);
}

function gapText(frames: readonly FrameInfo[], i: number, step: number, median: number): string {
  const [a, b] = [frames[i]!.plane!.position, frames[i + 1]!.plane!.position];
  const normal = normalOf(frames[i]!.plane!);
  const axis = [0, 1, 2].reduce((best, n) => (Math.abs(normal[n]!) > Math.abs(normal[best]!) ? n : best), 0);
  const sign = axis === 2 ? 1 : -1;
  const at = (position: Vec3) => `${"xyz"[axis]} = ${mm(sign * position[axis]!)}`;
  const missing = Math.max(1, Math.round(step / median) - 1);
  return `between ${at(a)} and ${at(b)} (a step of ${mm(step)} where the others are ${mm(median)}: about ${missing} slice${missing > 1 ? "s" : ""})`;
}

/** True when slices have to be moved in their planes; says why. */
function uprightShifts(
  u: readonly number[],
  v: readonly number[],
  z: readonly number[],
  [sx, sy]: readonly [number, number],
  warnings: string[],
): boolean {
  const depth = z.at(-1)!;
  const lean = { u: u.at(-1)! / depth, v: v.at(-1)! / depth };
  const degrees = (Math.atan(Math.hypot(lean.u * sx, lean.v * sy)) * 180) / Math.PI;
  const strays = z.some(
    (value, i) => Math.hypot(u[i]! - lean.u * value, v[i]! - lean.v * value) > STRAY_PIXELS,
  );
  if (degrees > TILT_DEGREES)
    warnings.push(
      `The gantry was tilted by ${degrees.toFixed(1)} degrees; the slices were resampled onto an upright grid.`,
    );
  else if (strays)
    warnings.push("The slices do not lie in a straight line; they were resampled onto an upright grid.");
  return degrees > TILT_DEGREES || strays;
}

/** Even slices from the first position to the last (within half a step), each from its two neighbours. */
function recipes(z: readonly number[], step: number): SliceRecipe[] {
  const count = Math.round(z.at(-1)! / step) + 1;
  const slices: SliceRecipe[] = [];
  let i = 0;
  for (let k = 0; k < count; k++) {
    const at = k * step;
    while (i + 2 < z.length && z[i + 1]! <= at) i++;
    const weight = Math.min(1, Math.max(0, (at - z[i]!) / (z[i + 1]! - z[i]!)));
    // A thousandth of a step from an image is that image: no blur from rounding.
    if (weight < 1e-3) slices.push({ below: i, above: i, weight: 0 });
    else if (weight > 1 - 1e-3) slices.push({ below: i + 1, above: i + 1, weight: 0 });
    else slices.push({ below: i, above: i + 1, weight });
  }
  return slices;
}

function affineOf(
  { rowDirection: r, columnDirection: c }: Plane,
  [sx, sy]: readonly [number, number],
  origin: Vec3,
  step: Vec3,
): Affine {
  const line = (axis: 0 | 1 | 2) => [r[axis] * sx, c[axis] * sy, step[axis], origin[axis]];
  return flipRasLps([...line(0), ...line(1), ...line(2), 0, 0, 0, 1]);
}

const floor = (pixels: number) => Math.floor(pixels + 1e-3);
const ceil = (pixels: number) => Math.ceil(pixels - 1e-3);
const mm = (value: number) => `${Math.round(value * 100) / 100} mm`;
const scale = (v: Vec3, f: number): Vec3 => [v[0] * f, v[1] * f, v[2] * f];
const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
