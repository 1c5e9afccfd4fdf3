/** Centreline Dice of tube-like structures (Shit et al. 2021, doi:10.1109/CVPR46437.2021.01629). */
import { type BitMask, commonVoxels, voxelsOf } from "../masks/bit-mask.js";
import type { MaskPair } from "../masks/mask-pair.js";
import { skeletonOf } from "./skeleton.js";

export interface ClDice {
  /** Harmonic mean of the two; NaN where either is NaN or both are 0. */
  clDice: number;
  /** Share of the prediction's skeleton inside the reference; NaN without a skeleton. */
  topologyPrecision: number;
  /** Share of the reference's skeleton inside the prediction; NaN without a skeleton. */
  topologySensitivity: number;
}

/** clDice of a pair; the skeletons may be given, else the masks are thinned. */
export function clDiceOf(
  pair: MaskPair,
  refSkeleton: BitMask = skeletonOf(pair.ref),
  predSkeleton: BitMask = skeletonOf(pair.pred),
): ClDice {
  const topologyPrecision = commonVoxels(predSkeleton, pair.ref) / voxelsOf(predSkeleton);
  const topologySensitivity = commonVoxels(refSkeleton, pair.pred) / voxelsOf(refSkeleton);
  return {
    clDice: (2 * topologyPrecision * topologySensitivity) / (topologyPrecision + topologySensitivity),
    topologyPrecision,
    topologySensitivity,
  };
}
