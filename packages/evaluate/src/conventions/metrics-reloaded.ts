/**
 * The convention of MetricsReloaded (Maier-Hein, Reinke et al. 2024, doi:10.1038/s41592-023-02151-z): voxel
 * surfaces, centre to centre, unweighted; percentiles interpolated, the larger of the two directions; ASSD pools both
 * directions, MASD is the mean of their means. Empty masks: two empty ones agree (Dice, surface Dice and boundary
 * IoU 1, distances 0; the IoU is NaN all the same), one empty one misses (overlaps 0, distances NaN).
 */

import { centreOf } from "../masks/bit-mask.js";
import type { MaskPair } from "../masks/mask-pair.js";
import { boundaryIou } from "../overlap/boundary-iou.js";
import {
  accuracy,
  type Confusion,
  confusionOf,
  fBeta,
  iou,
  likelihoodRatio,
  precision,
} from "../overlap/confusion.js";
import { expectedCost } from "../overlap/confusion-matrix.js";
import { VoxelComparison } from "../surface/voxel-comparison.js";
import { type Emptiness, emptinessOf } from "./empty-masks.js";

/** F-beta, and with `beta` 1 Dice: 1 where both masks are empty. */
export function reloadedFBeta(c: Confusion, beta: number): number {
  return c.tp + c.fp + c.fn === 0 ? 1 : fBeta(c, beta);
}

/** Positive predictive value: 0 where only the prediction is empty, NaN where both are. */
export function reloadedPrecision(c: Confusion): number {
  return c.tp + c.fp === 0 && c.fn > 0 ? 0 : precision(c);
}

/** Positive likelihood ratio; NaN, not Infinity, without false positives. */
export function reloadedLikelihoodRatio(c: Confusion): number {
  const ratio = likelihoodRatio(c);
  return Number.isFinite(ratio) ? ratio : Number.NaN;
}

/**
 * Cohen's kappa. MetricsReloaded keeps the observed agreement in single precision, which shows in the fifth digit
 * of small structures in large images.
 */
export function reloadedKappa(c: Confusion): number {
  const n = c.tp + c.fp + c.fn + c.tn;
  const byChance = ((c.tp + c.fp) * (c.tp + c.fn) + (c.tn + c.fp) * (c.tn + c.fn)) / (n * n);
  return (Math.fround(accuracy(c)) - byChance) / (1 - byChance);
}

export const reloadedIou = (pair: MaskPair) => iou(confusionOf(pair));

/** |prediction - reference| / reference in volume; NaN without a reference. */
export function absoluteVolumeDifferenceRatio({ refVoxels, predVoxels }: MaskPair): number {
  return refVoxels === 0 ? Number.NaN : Math.abs(predVoxels - refVoxels) / refVoxels;
}

/** Distance between the centres of mass in mm; -1 where a mask is empty. */
export function centreDistanceMm(pair: MaskPair): number {
  if (emptinessOf(pair) !== "none") return -1;
  const ref = centreOf(pair.ref);
  const pred = centreOf(pair.pred);
  return Math.hypot(...ref.map((c, axis) => (c - pred[axis]!) * pair.spacingMm[axis]!));
}

/** Expected cost with costs by prevalence; NaN where the reference has only one class. */
export function reloadedExpectedCost({ tp, fp, fn, tn }: Confusion): { cost: number; normalised: number } {
  return expectedCost([
    [tn, fp],
    [fn, tp],
  ]);
}

export function reloadedBoundaryIou(pair: MaskPair, distanceVoxels: number): number {
  return emptinessOf(pair) === "both" ? 1 : boundaryIou(pair, distanceVoxels);
}

/** Boundary metrics of a pair. */
export class ReloadedSurface {
  readonly #empty: Emptiness;
  readonly #found: VoxelComparison | null;

  constructor(pair: MaskPair) {
    this.#empty = emptinessOf(pair);
    this.#found = this.#empty === "none" ? new VoxelComparison(pair) : null;
  }

  #distance(of: (found: VoxelComparison) => number): number {
    return this.#found ? of(this.#found) : this.#empty === "both" ? 0 : Number.NaN;
  }

  hausdorff(percent: number): number {
    return this.#distance((found) => found.hausdorff(percent));
  }

  assd(): number {
    return this.#distance((found) => found.pooledAverage());
  }

  masd(): number {
    return this.#distance((found) => found.averageOfMeans());
  }

  /** Normalised surface distance, on voxel surfaces. */
  surfaceDice(toleranceMm: number): number {
    return this.#found?.surfaceDice(toleranceMm) ?? (this.#empty === "both" ? 1 : 0);
  }
}
