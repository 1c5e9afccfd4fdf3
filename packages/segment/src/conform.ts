/**
 * Conforming: the fixed grid and 8-bit intensities that brain networks of the FreeSurfer family expect, as
 * NiiVue's `conform` makes them (after FastSurfer's conform.py and FreeSurfer's `mri_convert --conform`):
 * axes along the world's in the order of an orientation code, the field of view's centre kept, trilinear
 * interpolation, and intensities from the minimum to the 99.9th percentile spread over 0 to 255.
 */
import {
  type Affine,
  applyToPoint,
  type Grid,
  inputError,
  type JobOptions,
  orientationOf,
  type Size3,
  spacingOf,
  type Vec3,
  type Volume,
  type VoxelArray,
} from "@viscera/core";
import { finiteRange, resampleVolume } from "@viscera/scan";

export interface ConformTarget {
  size: Size3;
  spacingMm: Vec3;
  /** "LIA" for FreeSurfer. */
  orientation: string;
}

/** Spacings closer than this count as equal. */
const SPACING_TOLERANCE_MM = 0.01;

/** True when a grid needs no resampling. A tilted one does not: networks see voxels, not the world. */
export function isConformed({ size, affine }: Grid, target: ConformTarget): boolean {
  return (
    size.every((n, axis) => n === target.size[axis]) &&
    orientationOf(affine) === target.orientation &&
    spacingOf(affine).every((s, axis) => Math.abs(s - target.spacingMm[axis]!) < SPACING_TOLERANCE_MM)
  );
}

/** The target's grid around the centre of a volume's field of view (the point at half its size in voxels). */
export function conformedGrid({ size, affine }: Grid, target: ConformTarget): Grid {
  const axes: number[] = new Array(16).fill(0);
  axes[15] = 1;
  [...target.orientation].forEach((letter, axis) => {
    const world = "LR".includes(letter) ? 0 : "PA".includes(letter) ? 1 : 2;
    axes[4 * world + axis] = "RAS".includes(letter) ? target.spacingMm[axis]! : -target.spacingMm[axis]!;
  });
  const half = ([a, b, c]: Size3): Vec3 => [a / 2, b / 2, c / 2];
  const centre = applyToPoint(affine, half(size));
  const reached = applyToPoint(axes, half(target.size));
  for (let row = 0; row < 3; row++) axes[4 * row + 3] = centre[row]! - reached[row]!;
  return { size: target.size, affine: axes as Affine };
}

/** A volume on the target's grid, voxels 0 to 255. 8-bit volumes keep their contrast, less their minimum. */
export async function conform(
  volume: Volume,
  target: ConformTarget,
  options: JobOptions = {},
): Promise<Volume> {
  const fits = isConformed(volume, target);
  if (fits && volume.data instanceof Uint8Array) return volume;
  const range = finiteRange(volume.data);
  if (!range || range.notFinite > 0) {
    throw inputError(
      "not-finite",
      "The scan holds voxels that are not numbers.",
      "Read it with readScan, which replaces them, or repair the file.",
    );
  }
  const { low, scale } =
    volume.data instanceof Uint8Array
      ? { low: range.min, scale: 1 }
      : robustScale(volume.data, range.min, range.max);
  const placed = fits
    ? volume
    : await resampleVolume(
        volume,
        conformedGrid(volume, target),
        { interpolation: "linear", outside: 0 },
        options,
      );
  const data = Uint8Array.from(placed.data, (value) => Math.min(255, Math.max(0, scale * (value - low))));
  return { ...placed, data, unit: null };
}

const BINS = 1000;
/** Share of the voxels other than zero that may be brighter than the upper end. */
const BRIGHTEST = 1 - 0.999;
/** Values nearer to zero than this count as empty background. */
const EMPTY = 1e-15;

/** Lower end and factor that take intensities to 0..255, from a histogram of 1000 bins. */
export function robustScale(data: VoxelArray, min: number, max: number): { low: number; scale: number } {
  const width = (max - min) / BINS;
  if (width === 0) return { low: min, scale: 1 };
  const histogram = new Float64Array(BINS);
  let nonZero = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (Math.abs(value) >= EMPTY) nonZero++;
    histogram[Math.min(BINS - 1, Math.floor((value - min) / width))]! += 1;
  }
  const wanted = data.length - Math.floor(BRIGHTEST * nonZero);
  // The bin whose successor completes the wanted share is the upper end, as in the tools named above.
  let bin = 0;
  let covered = histogram[0]!;
  while (bin < BINS - 1) {
    covered += histogram[bin + 1]!;
    if (covered >= wanted) break;
    bin++;
  }
  return bin === 0 ? { low: min, scale: 1 } : { low: min, scale: 255 / (bin * width) };
}
