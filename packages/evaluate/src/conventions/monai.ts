/**
 * MONAI's convention: voxel surfaces, centre to centre, unweighted; a percentile is interpolated and the larger of
 * the two directions; the symmetric average pools both directions. Empty masks: with one empty, distances Infinity (a
 * percentile NaN) and surface Dice 0; an empty reference makes Dice and IoU NaN (0 with `ignoreEmpty` false); with
 * both empty everything is NaN (Dice and IoU 1 with `ignoreEmpty` false).
 */
import type { MaskPair } from "../masks/mask-pair.js";
import { confusionOf, dice, iou } from "../overlap/confusion.js";
import { meanOf, percentileOf } from "../statistics/percentile.js";
import { VoxelComparison } from "../surface/voxel-comparison.js";
import { type Emptiness, emptinessOf } from "./empty-masks.js";

/** DiceMetric. */
export function monaiDice(pair: MaskPair, ignoreEmpty = true): number {
  return overlapOf(pair, ignoreEmpty, dice(confusionOf(pair)));
}

/** MeanIoU. */
export function monaiIou(pair: MaskPair, ignoreEmpty = true): number {
  return overlapOf(pair, ignoreEmpty, iou(confusionOf(pair)));
}

function overlapOf(pair: MaskPair, ignoreEmpty: boolean, value: number): number {
  if (pair.refVoxels > 0) return value;
  if (ignoreEmpty) return Number.NaN;
  return pair.predVoxels === 0 ? 1 : 0;
}

/** HausdorffDistanceMetric, SurfaceDistanceMetric and SurfaceDiceMetric of a pair. */
export class MonaiSurface {
  readonly #empty: Emptiness;
  readonly #found: VoxelComparison | null;

  constructor(pair: MaskPair) {
    this.#empty = emptinessOf(pair);
    this.#found = this.#empty === "none" ? new VoxelComparison(pair) : null;
  }

  /** What a distance is without surfaces: percentiles of infinities have no value. */
  #without(percent: number | null): number {
    return this.#empty === "both" || (percent !== null && percent < 100)
      ? Number.NaN
      : Number.POSITIVE_INFINITY;
  }

  hausdorff(percent: number): number {
    return this.#found?.hausdorff(percent) ?? this.#without(percent);
  }

  /** From the prediction to the reference and back. */
  directedHausdorff(percent: number): { predToRef: number; refToPred: number } {
    const found = this.#found;
    const of = (distances: Float64Array | undefined) =>
      distances ? percentileOf(distances, percent) : this.#without(percent);
    return { predToRef: of(found?.predToRef), refToPred: of(found?.refToPred) };
  }

  directedAverages(): { predToRef: number; refToPred: number } {
    const found = this.#found;
    const of = (distances: Float64Array | undefined) => (distances ? meanOf(distances) : this.#without(null));
    return { predToRef: of(found?.predToRef), refToPred: of(found?.refToPred) };
  }

  /** SurfaceDistanceMetric with `symmetric`. */
  average(): number {
    return this.#found?.pooledAverage() ?? this.#without(null);
  }

  /** On voxel surfaces; with `use_subvoxels` MONAI takes DeepMind's surface elements. */
  surfaceDice(toleranceMm: number): number {
    return this.#found?.surfaceDice(toleranceMm) ?? (this.#empty === "both" ? Number.NaN : 0);
  }
}
