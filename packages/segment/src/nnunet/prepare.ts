/** A scan as nnU-Net's reader and preprocessor make it: axes, crop, intensities, grid. */
import { inputError, type Size3, spacingOf, type Volume } from "@viscera/core";
import { reorient } from "@viscera/scan";
import type { NetworkImage } from "../image.js";
import { type Box, boxDims, cropped, nonzeroBox, outsideMask } from "./crop.js";
import { type Dims3, permuted, sizeOfDims, transposed } from "./dims.js";
import { normalise } from "./normalise.js";
import type { NnUnetPlan, NnUnetReader } from "./plans.js";
import { resampleChannel, resampledDims } from "./resample.js";

/** Channels as nnU-Net's reader gives them: [z, y, x] of the stored axes, or of RAS ones. */
export interface NnUnetImage {
  channels: Float32Array[];
  dims: Dims3;
  /** mm along d0, d1, d2. */
  spacing: [number, number, number];
}

/** The volumes on the axes that a reader gives its voxels. */
export function placeForReader(volumes: readonly Volume[], reader: NnUnetReader): Volume[] {
  return volumes.map((volume) => (reader === "NibabelIOWithReorient" ? reorient(volume, "RAS") : volume));
}

export function readLikeNnUnet(placed: readonly Volume[]): NnUnetImage {
  const [{ size, affine }] = placed as [Volume];
  // Headers hold float32 numbers: a spacing from the matrix is brought back to one.
  const [x, y, z] = spacingOf(affine).map(Math.fround) as [number, number, number];
  return {
    channels: placed.map(({ data }) => Float32Array.from(data)),
    dims: [size[2], size[1], size[0]],
    spacing: [z, y, x],
  };
}

/** What the network sees, and all that is needed to bring its answer back. */
export interface PreparedImage {
  image: NetworkImage;
  /** Extents of `image` in tensor order. */
  dims: Dims3;
  /** mm, of `image` and of the scan; axes transposed. */
  spacing: readonly number[];
  scanSpacing: readonly number[];
  /** Of the transposed scan, and the part of it that is not 0. */
  scanDims: Dims3;
  box: Box;
}

/** Throws `input.constant` for a scan of zeros, `input.not-finite`, `input.range`. */
export async function prepareLikeNnUnet(read: NnUnetImage, plan: NnUnetPlan): Promise<PreparedImage> {
  const { transposeForward: axes } = plan;
  for (const data of read.channels) if (!data.every(Number.isFinite)) throw notFinite();
  let channels = read.channels.map((data) => transposed(data, read.dims, axes));
  const scanDims: Dims3 = permuted(read.dims, axes);
  const scanSpacing = permuted(read.spacing, axes);
  const box = nonzeroBox(channels, scanDims);
  if (!box) {
    throw inputError(
      "constant",
      "Every voxel of the scan is 0: there is nothing to segment.",
      "Check that the right file or series was given.",
    );
  }
  const cropDims = boxDims(box);
  channels = channels.map((data) => cropped(data, scanDims, box));
  const masked = plan.normalisation.some((scheme) => scheme.kind === "ZScoreNormalization" && scheme.masked);
  const outside = masked ? await outsideMask(channels, cropDims) : null;
  channels.forEach((data, c) => normalise(data, plan.normalisation[c]!, outside));
  // A network of slices sees them where they are.
  const spacing = plan.spacing.length === 2 ? [scanSpacing[0], ...plan.spacing] : plan.spacing;
  const dims = resampledDims(cropDims, scanSpacing, spacing);
  if (dims.some((n) => n === 0)) throw tooSmall();
  channels = channels.map((data) =>
    resampleChannel(data, cropDims, dims, scanSpacing, spacing, plan.resampleData),
  );
  const image = { size: sizeOf(dims), channels: channels.length, data: joined(channels, dims) };
  return { image, dims, spacing, scanSpacing, scanDims, box };
}

/** Extents [x, y, z] as the rest of this package counts them. */
export const sizeOf = ([n0, n1, n2]: Dims3): Size3 => [n2, n1, n0];

function joined(channels: readonly Float32Array[], dims: Dims3): Float32Array {
  if (channels.length === 1) return channels[0]!;
  const out = new Float32Array(channels.length * sizeOfDims(dims));
  channels.forEach((data, c) => out.set(data, c * data.length));
  return out;
}

const notFinite = () =>
  inputError(
    "not-finite",
    "The scan holds voxels that are not numbers.",
    "Read it with readScan, which replaces them, or repair the file.",
  );

const tooSmall = () =>
  inputError("size", "The scan is smaller than one voxel of the model.", "Check its spacing.");
