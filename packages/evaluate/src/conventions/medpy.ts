/**
 * MedPy's convention: voxel surfaces, centre to centre, unweighted; a percentile is taken of both directions'
 * distances pooled. Surface distances do not exist where a mask is empty: they throw `input.empty-mask`, as MedPy
 * does. Overlaps of two empty masks: Dice and IoU 1, precision, sensitivity and specificity 0.
 */
import { inputError } from "@viscera/core";
import type { MaskPair } from "../masks/mask-pair.js";
import { meanOf } from "../statistics/percentile.js";
import { VoxelComparison } from "../surface/voxel-comparison.js";

/** Surface metrics of a pair. */
export class MedpySurface {
  readonly #found: VoxelComparison;

  /** Throws `input.empty-mask`. */
  constructor(pair: MaskPair) {
    for (const [name, voxels] of [
      ["reference", pair.refVoxels],
      ["prediction", pair.predVoxels],
    ] as const)
      if (voxels === 0)
        throw inputError(
          "empty-mask",
          `The ${name} has no voxel of the structure, so there is no surface to measure from.`,
          "Another convention gives distances for empty masks (--convention).",
        );
    this.#found = new VoxelComparison(pair);
  }

  hausdorff(percent: number): number {
    return this.#found.pooledHausdorff(percent);
  }

  averageDistances(): { predToRef: number; refToPred: number } {
    return { predToRef: meanOf(this.#found.predToRef), refToPred: meanOf(this.#found.refToPred) };
  }

  assd(): number {
    return this.#found.pooledAverage();
  }
}
