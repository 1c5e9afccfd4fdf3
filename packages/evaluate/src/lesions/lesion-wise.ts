/**
 * Lesion-wise Dice and HD95 after the published specification of the BraTS 2023 challenges: lesions of the reference
 * are the pieces of its dilation, predicted pieces that meet a lesion's dilation are scored against it together, and
 * what is missed or invented counts as Dice 0 and HD95 374 mm. Where the specification leaves points open: the
 * dilation's element has 18 neighbours, false positives are not filtered by volume, one piece may serve several
 * lesions, and a lesion counts when its volume exceeds the threshold.
 */
import {
  type JobOptions,
  type Size3,
  throwIfCancelled,
  usageError,
  type Vec3,
  type VoxelBox,
} from "@viscera/core";
import { boundingBoxes, connectedComponents, cropPadded, dilate } from "@viscera/kernels";
import { DeepmindSurface, deepmindDice } from "../conventions/deepmind.js";
import { maskPair, pairOfMasks, unionBox } from "../masks/mask-pair.js";

export interface LesionWiseOptions {
  /** Steps by which the reference is dilated: 3 for adult, paediatric and Sub-Saharan glioma, 1 for the others. */
  dilations: number;
  /** Lesions of at most this volume do not count: 50, or 2 for metastases. */
  volumeThresholdMm3: number;
  /** HD95 of a missed or an invented lesion. */
  penaltyMm: number;
}

export const BRATS_DEFAULTS: LesionWiseOptions = { dilations: 3, volumeThresholdMm3: 50, penaltyMm: 374 };

export interface Lesion {
  /** Image indices of its voxels' bounding box. */
  box: VoxelBox;
  voxels: number;
  volumeMm3: number;
  /** Predicted pieces that meet it, and their voxels. */
  matchedPieces: number;
  matchedVoxels: number;
  dice: number;
  hd95Mm: number;
  counted: boolean;
}

export interface LesionWise {
  lesions: Lesion[];
  predictedPieces: number;
  /** Counted lesions with and without a predicted piece; pieces that meet no lesion. */
  truePositives: number;
  falseNegatives: number;
  falsePositives: number;
  falsePositiveVolumesMm3: number[];
  dice: number;
  hd95Mm: number;
  /** Of the whole image: 1 and 0 where both masks are empty. */
  wholeDice: number;
  wholeHd95Mm: number;
}

/** Lesion-wise scores of two masks (nonzero is inside). Throws `usage` for masks of other sizes. */
export async function lesionWise(
  ref: Uint8Array,
  pred: Uint8Array,
  size: Size3,
  spacingMm: Vec3,
  options: LesionWiseOptions = BRATS_DEFAULTS,
  job: JobOptions = {},
): Promise<LesionWise> {
  const { dilations, volumeThresholdMm3, penaltyMm } = options;
  if (!(Number.isInteger(dilations) && dilations >= 0))
    throw usageError(
      `A lesion cannot be dilated by ${dilations} steps.`,
      "Give a whole number of at least 0.",
    );
  const whole = pairOfMasks(ref, pred, size, spacingMm);
  const voxelMm3 = spacingMm[0] * spacingMm[1] * spacingMm[2];
  const found = await piecesOf(ref, pred, size, dilations, job);
  const met = new Set<number>();
  const lesions: Lesion[] = [];
  for (const [id, { box, voxels }] of found.lesions) {
    throwIfCancelled(job.signal);
    const matched = await piecesAround(found, id, grown(box, dilations, size), size, dilations, job);
    for (const piece of matched) met.add(piece);
    const volumeMm3 = voxels * voxelMm3;
    const score =
      matched.size > 0
        ? scoreLesion(found, id, box, matched, size, spacingMm)
        : { matchedVoxels: 0, dice: 0, hd95Mm: penaltyMm };
    lesions.push({
      box,
      voxels,
      volumeMm3,
      matchedPieces: matched.size,
      ...score,
      counted: volumeMm3 > volumeThresholdMm3,
    });
  }
  const counted = lesions.filter((lesion) => lesion.counted);
  const falsePositiveVolumesMm3 = [...found.pieces]
    .filter(([id]) => !met.has(id))
    .map(([, { voxels }]) => voxels * voxelMm3)
    .sort((a, b) => a - b);
  const falsePositives = falsePositiveVolumesMm3.length;
  const truePositives = counted.filter((lesion) => lesion.matchedPieces > 0).length;
  const scored = counted.length + falsePositives;
  const sum = (value: (lesion: Lesion) => number) =>
    counted.reduce((total, lesion) => total + value(lesion), 0);
  const bothEmpty = whole.refVoxels + whole.predVoxels === 0;
  return {
    lesions,
    predictedPieces: found.pieces.size,
    truePositives,
    falseNegatives: counted.length - truePositives,
    falsePositives,
    falsePositiveVolumesMm3,
    dice: scored === 0 ? 1 : sum(({ dice }) => dice) / scored,
    hd95Mm: scored === 0 ? 0 : (sum(({ hd95Mm }) => hd95Mm) + penaltyMm * falsePositives) / scored,
    wholeDice: bothEmpty ? 1 : deepmindDice(whole),
    wholeHd95Mm: bothEmpty ? 0 : new DeepmindSurface(whole).hausdorff(95),
  };
}

interface Pieces {
  /** Lesion of each voxel of the reference, piece of each voxel of the prediction; 0 outside. */
  lesionAt: Uint32Array;
  pieceAt: Uint32Array;
  lesions: ReturnType<typeof boundingBoxes>;
  pieces: ReturnType<typeof boundingBoxes>;
}

async function piecesOf(
  ref: Uint8Array,
  pred: Uint8Array,
  size: Size3,
  dilations: number,
  job: JobOptions,
): Promise<Pieces> {
  const dilated = await dilate(ref, size, { connectivity: 18, steps: dilations }, job);
  const { components: lesionAt } = await connectedComponents(dilated, size, 26, job);
  // Only what the reference itself holds; the dilation merely says what belongs together.
  for (let i = 0; i < ref.length; i++) if (ref[i] === 0) lesionAt[i] = 0;
  const inside = Uint8Array.from(pred, (value) => (value === 0 ? 0 : 1));
  const { components: pieceAt } = await connectedComponents(inside, size, 26, job);
  return {
    lesionAt,
    pieceAt,
    lesions: boundingBoxes(lesionAt, size),
    pieces: boundingBoxes(pieceAt, size),
  };
}

/** A box grown by some voxels, within the image. */
function grown(box: VoxelBox, by: number, size: Size3): VoxelBox {
  return {
    min: box.min.map((low) => Math.max(0, low - by)) as [number, number, number],
    max: box.max.map((high, axis) => Math.min(size[axis]! - 1, high + by)) as [number, number, number],
  };
}

/** Predicted pieces that the dilated lesion meets. */
async function piecesAround(
  { lesionAt, pieceAt }: Pieces,
  id: number,
  box: VoxelBox,
  size: Size3,
  dilations: number,
  job: JobOptions,
): Promise<Set<number>> {
  const lesion = cropPadded(lesionAt, size, box);
  const pieces = cropPadded(pieceAt, size, box).data;
  const own = Uint8Array.from(lesion.data, (value) => (value === id ? 1 : 0));
  const dilated = await dilate(own, lesion.size, { connectivity: 18, steps: dilations }, job);
  const met = new Set<number>();
  for (let i = 0; i < dilated.length; i++) if (dilated[i] !== 0 && pieces[i] !== 0) met.add(pieces[i]!);
  return met;
}

function scoreLesion(
  { lesionAt, pieceAt, pieces }: Pieces,
  id: number,
  lesionBox: VoxelBox,
  matched: ReadonlySet<number>,
  size: Size3,
  spacingMm: Vec3,
): Pick<Lesion, "matchedVoxels" | "dice" | "hd95Mm"> {
  const box = [...matched].reduce((all, piece) => unionBox(all, pieces.get(piece)!.box), lesionBox);
  const lesion = cropPadded(lesionAt, size, box);
  const own = lesion.data.map((value) => (value === id ? 1 : 0));
  const predicted = cropPadded(pieceAt, size, box).data.map((value) => (matched.has(value) ? 1 : 0));
  const pair = maskPair(own, predicted, { size: lesion.size, spacingMm }, 1, {
    min: [0, 0, 0],
    max: [lesion.size[0] - 1, lesion.size[1] - 1, lesion.size[2] - 1],
  });
  return {
    matchedVoxels: pair.predVoxels,
    dice: deepmindDice(pair),
    hd95Mm: new DeepmindSurface(pair).hausdorff(95),
  };
}
