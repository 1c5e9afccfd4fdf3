/** Generalised Dice of several structures (Sudre et al. 2017, doi:10.1007/978-3-319-67558-9_28). */

/** Weight of a structure of volume v in the reference: 1/v^2, 1/v or 1. */
export type VolumeWeights = "square" | "simple" | "uniform";

/** Volumes of a structure in the reference, the prediction and both, in voxels. */
export interface OverlapVolumes {
  ref: number;
  pred: number;
  both: number;
}

const WEIGHT: Record<VolumeWeights, (volume: number) => number> = {
  square: (v) => 1 / (v * v),
  simple: (v) => 1 / v,
  uniform: () => 1,
};

/**
 * Dice over all structures together, as MONAI's GeneralizedDiceScore weighs them: a structure that the reference
 * lacks gets the largest weight of the others (0 where there is none). With nothing to weigh: 1 where the prediction
 * is empty as well, else 0.
 */
export function generalisedDice(structures: readonly OverlapVolumes[], weights: VolumeWeights): number {
  const weight = weightsOf(structures, weights);
  let numerator = 0;
  let denominator = 0;
  for (const [i, { ref, pred, both }] of structures.entries()) {
    numerator += 2 * weight[i]! * both;
    denominator += weight[i]! * (ref + pred);
  }
  if (denominator === 0) return structures.every(({ pred }) => pred === 0) ? 1 : 0;
  return numerator / denominator;
}

/** The same for each structure by itself. */
export function generalisedDicePerStructure(
  structures: readonly OverlapVolumes[],
  weights: VolumeWeights,
): number[] {
  const weight = weightsOf(structures, weights);
  return structures.map(({ ref, pred, both }, i) => {
    const denominator = weight[i]! * (ref + pred);
    if (denominator === 0) return pred === 0 ? 1 : 0;
    return (2 * weight[i]! * both) / denominator;
  });
}

function weightsOf(structures: readonly OverlapVolumes[], weights: VolumeWeights): number[] {
  const raw = structures.map(({ ref }) => WEIGHT[weights](ref));
  const largest = Math.max(0, ...raw.filter(Number.isFinite));
  return raw.map((weight) => (Number.isFinite(weight) ? weight : largest));
}
