/** From a scan to what a network sees: its grid, then its intensities. */
import {
  type Grid,
  inputError,
  type JobOptions,
  type ModelFile,
  type Size3,
  spacingOf,
  type Vec3,
  type Volume,
  type VoxelArray,
  voxelCount,
} from "@viscera/core";
import { finiteRange, reorient, resampleVolume } from "@viscera/scan";
import { conform } from "./conform.js";
import type { NetworkImage } from "./image.js";

type ModelInput = ModelFile["input"];

/** Spacings whose ratio is this close to 1 are not resampled for. */
const SPACING_TOLERANCE = 1e-3;

/** What a network sees of a patient's images, and the grid it lies on. Throws as `normalised`. */
export async function networkImage(
  volumes: readonly Volume[],
  input: ModelInput,
  options: JobOptions,
): Promise<[NetworkImage, Volume]> {
  const placed: Volume[] = [];
  for (const volume of volumes) placed.push(await toModelGrid(volume, input, options));
  const [first] = placed as [Volume];
  const voxels = voxelCount(first.size);
  const data = placed.length === 1 ? normalised(first.data, input) : new Float32Array(placed.length * voxels);
  if (placed.length > 1) placed.forEach((volume, c) => data.set(normalised(volume.data, input), c * voxels));
  return [{ size: first.size, channels: placed.length, data }, first];
}

/** The volume on the grid a model expects; the volume itself where it has that grid already. */
export async function toModelGrid(volume: Volume, input: ModelInput, options: JobOptions): Promise<Volume> {
  if (input.conform) {
    const target = {
      size: input.conform.size,
      spacingMm: input.spacingMm ?? ([1, 1, 1] as const),
      orientation: input.orientation,
    };
    return conform(volume, target, options);
  }
  const turned = reorient(volume, input.orientation);
  if (!input.spacingMm) return turned;
  const grid = respacedGrid(turned, input.spacingMm);
  return grid === null ? turned : resampleVolume(turned, grid, { interpolation: "cubic" }, options);
}

/**
 * The grid of about `spacingMm` over the same box: the number of voxels is rounded and the box kept, so that
 * the true spacing differs by less than half a voxel over the whole axis. null when the spacing is right.
 */
export function respacedGrid({ size, affine }: Grid, spacingMm: Vec3): Grid | null {
  const spacing = spacingOf(affine);
  if (spacing.every((s, axis) => Math.abs(s / spacingMm[axis]! - 1) < SPACING_TOLERANCE)) return null;
  const newSize = size.map((n, axis) =>
    Math.max(1, Math.round((n * spacing[axis]!) / spacingMm[axis]!)),
  ) as unknown as Size3;
  const out = [...affine];
  for (let row = 0; row < 3; row++) {
    for (let axis = 0; axis < 3; axis++) {
      const step = affine[4 * row + axis]!;
      const newStep = (step * size[axis]!) / newSize[axis]!;
      out[4 * row + axis] = newStep;
      // Voxel centres lie half a step inside the box.
      out[4 * row + 3]! += (newStep - step) / 2;
    }
  }
  return { size: newSize, affine: out };
}

/** Intensities as the network wants them, float32. Throws `input.not-finite`, `input.constant`. */
export function normalised(data: VoxelArray, { normalisation }: ModelInput): Float32Array {
  const range = finiteRange(data);
  if (!range || range.notFinite > 0) {
    throw inputError(
      "not-finite",
      "The scan holds voxels that are not numbers.",
      "Read it with readScan, which replaces them, or repair the file.",
    );
  }
  if (normalisation.kind === "none") return Float32Array.from(data);
  if (normalisation.kind === "ct") {
    const { low, high, mean, sd } = normalisation;
    return Float32Array.from(data, (value) => (Math.min(high, Math.max(low, value)) - mean) / sd);
  }
  if (range.min === range.max) {
    throw inputError(
      "constant",
      `Every voxel of the scan is ${range.min}: there is nothing to segment.`,
      "Check that the right file or series was given.",
    );
  }
  if (normalisation.kind === "minmax") {
    const { min, max } = range;
    return Float32Array.from(data, (value) => (value - min) / (max - min));
  }
  const { mean, sd } = momentsOf(data);
  return Float32Array.from(data, (value) => (value - mean) / sd);
}

/** Mean and population standard deviation, in two passes. */
function momentsOf(data: VoxelArray): { mean: number; sd: number } {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  const mean = sum / data.length;
  let squares = 0;
  for (let i = 0; i < data.length; i++) squares += (data[i]! - mean) ** 2;
  return { mean, sd: Math.max(1e-8, Math.sqrt(squares / data.length)) };
}
