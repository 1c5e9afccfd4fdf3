import {
  type Affine,
  determinant,
  type Grid,
  inputError,
  invert,
  type JobOptions,
  type LabelArray,
  multiply,
  type Size3,
  sameGrid,
  spacingOf,
  usageError,
  type Volume,
} from "@viscera/core";
import { type Interpolation, resample, resampleLabels } from "@viscera/kernels";
import { sharedFraction } from "./boxes.js";

export interface ResampleVolumeParameters {
  /** Default linear. Nearest keeps the number type; the others give float32. */
  interpolation?: Interpolation;
  /** Value beyond the image. Default: -1024 for Hounsfield units, else 0. */
  outside?: number;
}

/** The volume on another grid, by position in the world. */
export async function resampleVolume(
  volume: Volume,
  grid: Grid,
  parameters: ResampleVolumeParameters = {},
  options: JobOptions = {},
): Promise<Volume> {
  const data = await resample(
    volume.data,
    volume.size,
    {
      outputSize: grid.size,
      outputToInput: voxelToVoxel(grid, volume),
      interpolation: parameters.interpolation ?? "linear",
      outside: parameters.outside ?? (volume.unit === "HU" ? -1024 : 0),
    },
    options,
  );
  return { ...volume, size: grid.size, affine: grid.affine, data };
}

export interface ResampleLabelMapParameters {
  /** Default: nearest where the grids' voxels coincide (crops, flips), otherwise smooth. */
  interpolation?: "smooth" | "nearest";
}

/** The label map (or any label image) on another grid, by position in the world; beyond it lies background. */
export async function resampleLabelMap<T extends Grid & { data: LabelArray }>(
  labels: T,
  grid: Grid,
  parameters: ResampleLabelMapParameters = {},
  options: JobOptions = {},
): Promise<T> {
  const outputToInput = voxelToVoxel(grid, labels);
  const data = await resampleLabels(
    labels.data,
    labels.size,
    {
      outputSize: grid.size,
      outputToInput,
      interpolation: parameters.interpolation ?? (hitsVoxels(outputToInput) ? "nearest" : "smooth"),
    },
    options,
  );
  return { ...labels, size: grid.size, affine: grid.affine, data };
}

/** Voxel indices of `from` -> voxel indices of `to`. */
function voxelToVoxel(from: Grid, to: Grid): Affine {
  return multiply(invert(to.affine), from.affine);
}

/** True when the grids differ by whole voxels, flips and exchanged axes only. */
function hitsVoxels(map: Affine): boolean {
  return (
    map.every((value) => Math.abs(value - Math.round(value)) < 1e-3) &&
    Math.round(Math.abs(determinant(map))) === 1
  );
}

/**
 * A grid of cubic voxels over the same box and along the same axes; `spacingMm` gives the edge. The number
 * of voxels is rounded, the box's centre kept.
 */
export function isotropicGrid(grid: Grid, spacingMm: number): Grid {
  if (!(spacingMm > 0 && Number.isFinite(spacingMm))) {
    throw usageError(`A spacing of ${spacingMm} mm is not possible.`, "Give a number above 0.");
  }
  const spacing = spacingOf(grid.affine);
  const size = grid.size.map((n, a) =>
    Math.max(1, Math.round((n * spacing[a]!) / spacingMm)),
  ) as unknown as Size3;
  const affine = [...grid.affine];
  for (let row = 0; row < 3; row++) {
    let origin = grid.affine[4 * row + 3]!;
    for (let a = 0; a < 3; a++) {
      const old = grid.affine[4 * row + a]!;
      affine[4 * row + a] = (old / spacing[a]!) * spacingMm;
      origin += (old * (grid.size[a]! - 1) - affine[4 * row + a]! * (size[a]! - 1)) / 2;
    }
    affine[4 * row + 3] = origin;
  }
  return { size, affine };
}

/** Part of a voxel that rounding in headers may shift a grid by. */
const NEGLIGIBLE_SHIFT = 0.05;

/** Shared part of the smaller box from which on two frames count as the same patient's position. */
const AGREEING_FRACTION = 0.5;

/**
 * Labels on the scan's grid: as they are where the grids agree, resampled where only the frames do (the
 * smaller box lies at least half within the other). Throws `input.frames` where they lie apart.
 */
export async function labelsToGrid<T extends Grid & { data: LabelArray }>(
  labels: T,
  scan: Grid,
  options: JobOptions = {},
): Promise<{ labels: T; warnings: string[] }> {
  const slack = Math.max(1e-2, NEGLIGIBLE_SHIFT * Math.min(...spacingOf(scan.affine)));
  if (sameGrid(labels, scan, slack)) return { labels: { ...labels, affine: scan.affine }, warnings: [] };
  const shared = sharedFraction(labels, scan);
  if (shared < AGREEING_FRACTION) {
    const sameSize = labels.size.every((n, a) => n === scan.size[a]);
    throw inputError(
      "frames",
      `The labels (${labels.size.join("x")} voxels) do not lie where the scan (${scan.size.join("x")}) does: ${shared === 0 ? "they share no space" : `only ${Math.round(100 * shared)} % of the smaller one lies within the other`}.`,
      sameSize
        ? "The sizes agree, so one of the two headers is wrong: copy the orientation of the scan to the labels."
        : "Check that both belong to the same patient and examination.",
    );
  }
  const resampled = await resampleLabelMap(labels, scan, {}, options);
  return {
    labels: resampled,
    warnings: [
      `The labels (${labels.size.join("x")} voxels) have another grid than the scan (${scan.size.join("x")}); they were resampled to it.`,
    ],
  };
}
