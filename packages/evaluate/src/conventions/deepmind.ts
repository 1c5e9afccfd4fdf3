/**
 * The convention of google-deepmind/surface-distance: surface elements at voxel corners, weighted by their area; the
 * robust Hausdorff distance is the first distance at which the cumulative area reaches the share, the larger of the
 * two directions, without interpolation. Empty masks: Dice and surface Dice 0 with one empty, NaN with both; Hausdorff
 * distances Infinity in either case.
 */
import type { MaskPair } from "../masks/mask-pair.js";
import { confusionOf, dice } from "../overlap/confusion.js";
import { elementDistances } from "../surface/surface-distances.js";
import { WeightedDistances } from "../surface/weighted-distances.js";

/** Volumetric Dice; NaN where both masks are empty. */
export function deepmindDice(pair: MaskPair): number {
  return dice(confusionOf(pair));
}

/** Surface metrics of a pair; the distances are found once. */
export class DeepmindSurface {
  readonly refElements: number;
  readonly predElements: number;
  readonly #refToPred: WeightedDistances;
  readonly #predToRef: WeightedDistances;

  constructor(pair: MaskPair) {
    const found = elementDistances(pair);
    this.refElements = found.refPoints.count;
    this.predElements = found.predPoints.count;
    this.#refToPred = new WeightedDistances(found.refToPred, found.refAreas);
    this.#predToRef = new WeightedDistances(found.predToRef, found.predAreas);
  }

  /** Areas of the reference's and the prediction's surface in mm^2. */
  get areasMm2(): readonly [number, number] {
    return [this.#refToPred.area, this.#predToRef.area];
  }

  /** Mean distances in mm from the reference to the prediction and back. */
  get averageDistancesMm(): readonly [number, number] {
    return [this.#refToPred.mean, this.#predToRef.mean];
  }

  /** Hausdorff distance in mm at a percentage of the area. */
  hausdorff(percent: number): number {
    return Math.max(this.#refToPred.percentile(percent), this.#predToRef.percentile(percent));
  }

  /** Share of the reference's and of the prediction's surface that lies at most `toleranceMm` from the other. */
  overlap(toleranceMm: number): readonly [number, number] {
    return [
      this.#refToPred.areaWithin(toleranceMm) / this.#refToPred.area,
      this.#predToRef.areaWithin(toleranceMm) / this.#predToRef.area,
    ];
  }

  /** Surface Dice (Nikolov et al. 2021, doi:10.2196/26151). */
  surfaceDice(toleranceMm: number): number {
    return (
      (this.#refToPred.areaWithin(toleranceMm) + this.#predToRef.areaWithin(toleranceMm)) /
      (this.#refToPred.area + this.#predToRef.area)
    );
  }
}
