import {
  inputError,
  type LabelArray,
  type Size3,
  usageError,
  type Vec3,
  type VoxelBox,
  voxelCount,
} from "@viscera/core";
import { boundingBoxes } from "@viscera/kernels";
import { type BitMask, commonVoxels, maskOfLabel, voxelsOf } from "./bit-mask.js";

/** One structure in the reference and in the prediction, on the part of the image that holds both. */
export interface MaskPair {
  ref: BitMask;
  pred: BitMask;
  /** Voxels in the reference, in the prediction, in both, and in the whole image. */
  refVoxels: number;
  predVoxels: number;
  bothVoxels: number;
  imageVoxels: number;
  imageSize: Size3;
  spacingMm: Vec3;
}

/** A label image for comparison: its values and where its labels lie. */
export interface LabelGrid {
  data: LabelArray;
  size: Size3;
  /** Distance between voxel centres in mm, as the decimal it was meant to be: 0.8, not 0.800000011920929. */
  spacingMm: Vec3;
}

/** The pair of one label, or of several as one structure (of all labels where `id` is null). */
export function maskPair(
  ref: LabelArray,
  pred: LabelArray,
  { size, spacingMm }: Omit<LabelGrid, "data">,
  id: number | readonly number[] | null,
  box: VoxelBox | null,
): MaskPair {
  const part: VoxelBox = box ?? { min: [0, 0, 0], max: [0, 0, 0] };
  const inRef = maskOfLabel(ref, size, id, part);
  const inPred = maskOfLabel(pred, size, id, part);
  return {
    ref: inRef,
    pred: inPred,
    refVoxels: voxelsOf(inRef),
    predVoxels: voxelsOf(inPred),
    bothVoxels: commonVoxels(inRef, inPred),
    imageVoxels: voxelCount(size),
    imageSize: size,
    spacingMm,
  };
}

/** A structure that neither image holds. */
export function emptyPair(size: Size3, spacingMm: Vec3): MaskPair {
  const none = new Uint8Array(1);
  const pair = maskPair(none, none, { size: [1, 1, 1], spacingMm }, 1, null);
  return { ...pair, imageSize: size, imageVoxels: voxelCount(size) };
}

/** Labels of either image in ascending order, with the smallest box that holds both images' voxels of it. */
export function unionBoxes(ref: LabelArray, pred: LabelArray, size: Size3): Map<number, VoxelBox> {
  const boxes = new Map<number, VoxelBox>();
  for (const found of [boundingBoxes(ref, size), boundingBoxes(pred, size)])
    for (const [id, { box }] of found) boxes.set(id, unionBox(boxes.get(id), box));
  return new Map([...boxes].sort(([a], [b]) => a - b));
}

/** The smallest box that holds two. */
export function unionBox(a: VoxelBox | undefined, b: VoxelBox): VoxelBox {
  if (!a) return b;
  return {
    min: a.min.map((low, axis) => Math.min(low, b.min[axis]!)) as [number, number, number],
    max: a.max.map((high, axis) => Math.max(high, b.max[axis]!)) as [number, number, number],
  };
}

/** A pair from two masks in memory, nonzero meaning inside. Throws `usage` where their sizes differ from `size`. */
export function pairOfMasks(ref: LabelArray, pred: LabelArray, size: Size3, spacingMm: Vec3): MaskPair {
  if (ref.length !== voxelCount(size) || pred.length !== ref.length)
    throw usageError(
      `Masks of ${ref.length} and ${pred.length} voxels do not fill an image of ${size.join(" x ")}.`,
    );
  checkSpacing(spacingMm);
  return maskPair(ref, pred, { size, spacingMm }, null, {
    min: [0, 0, 0],
    max: [size[0] - 1, size[1] - 1, size[2] - 1],
  });
}

/** Throws `input.spacing` unless all three are positive and finite. */
export function checkSpacing(spacingMm: Vec3): void {
  if (!spacingMm.every((s) => s > 0 && Number.isFinite(s)))
    throw inputError(
      "spacing",
      `The voxel spacing ${spacingMm.join(" x ")} mm is not three positive numbers.`,
    );
}
