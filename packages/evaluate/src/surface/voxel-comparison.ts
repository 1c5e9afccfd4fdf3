import type { MaskPair } from "../masks/mask-pair.js";
import { meanOf, percentileOf } from "../statistics/percentile.js";
import { voxelDistances } from "./surface-distances.js";

/**
 * Distances between voxel surfaces, unweighted, as MONAI, MetricsReloaded and MedPy take them. Both masks hold
 * voxels: what holds for empty ones, a convention says.
 */
export class VoxelComparison {
  /** Distances in mm in ascending order. */
  readonly refToPred: Float64Array;
  readonly predToRef: Float64Array;

  constructor(pair: MaskPair) {
    const found = voxelDistances(pair);
    this.refToPred = found.refToPred.sort();
    this.predToRef = found.predToRef.sort();
  }

  /** The larger of the two directions' percentiles. */
  hausdorff(percent: number): number {
    return Math.max(percentileOf(this.refToPred, percent), percentileOf(this.predToRef, percent));
  }

  /** The percentile of both directions' distances together. */
  pooledHausdorff(percent: number): number {
    return percentileOf(this.#pooled(), percent);
  }

  /** Mean of both directions' distances together (ASSD). */
  pooledAverage(): number {
    return meanOf(this.#pooled());
  }

  /** Mean of the two directions' means (MASD). */
  averageOfMeans(): number {
    return (meanOf(this.refToPred) + meanOf(this.predToRef)) / 2;
  }

  /** Share of both surfaces' voxels that lie at most `toleranceMm` from the other surface. */
  surfaceDice(toleranceMm: number): number {
    const within = countWithin(this.refToPred, toleranceMm) + countWithin(this.predToRef, toleranceMm);
    return within / (this.refToPred.length + this.predToRef.length);
  }

  #pooled(): Float64Array {
    const pooled = new Float64Array(this.refToPred.length + this.predToRef.length);
    pooled.set(this.refToPred);
    pooled.set(this.predToRef, this.refToPred.length);
    return pooled.sort();
  }
}

/** Values of an ascending list that are at most a limit. */
function countWithin(sorted: Float64Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const at = (low + high) >>> 1;
    if (sorted[at]! <= limit) low = at + 1;
    else high = at;
  }
  return low;
}
