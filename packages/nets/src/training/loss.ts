/** The loss of scores against their truth, as nodes of the graph. */
import { usageError } from "@viscera/core";
import type { Tape, Variable } from "../autodiff/index.js";
import type { LossSpec } from "./loss-spec.js";
import { dice, generalisedDice, softDice, tversky } from "./overlap.js";
import { binaryCrossEntropy, boundary, crossEntropy, focal } from "./per-voxel.js";
import { Scores } from "./scores.js";
import type { Target } from "./target.js";

/** Loss of `logits` [N, C, ...], one number. Throws `usage` for a loss that the target or channels do not fit. */
export function segmentationLoss(tape: Tape, spec: LossSpec, logits: Variable, target: Target): Variable {
  return lossOf(new Scores(tape, logits, target), spec);
}

function lossOf(scores: Scores, spec: LossSpec): Variable {
  const { tape } = scores;
  switch (spec.kind) {
    case "crossEntropy":
      return crossEntropy(scores, spec);
    case "binaryCrossEntropy":
      return binaryCrossEntropy(scores);
    case "dice":
      return dice(scores, spec);
    case "softDice":
      return softDice(scores, spec);
    case "generalisedDice":
      return generalisedDice(scores, spec);
    case "tversky":
      return tversky(scores, spec);
    case "focal":
      return focal(scores, spec);
    case "boundary":
      return boundary(scores, spec);
    case "sum":
      return weightedSum(
        tape,
        spec.terms.map(({ weight, loss }) => [weight, () => lossOf(scores, loss)]),
      );
  }
}

/**
 * Deep supervision: weighted sum of the losses of a network's outputs (the finest first), each against the truth
 * on its own grid. An output of weight 0 enters the graph's loss in no way.
 */
export function deepSupervisionLoss(
  tape: Tape,
  spec: LossSpec,
  outputs: readonly Variable[],
  targetOf: (level: number) => Target,
  weights: readonly number[],
): Variable {
  return weightedSum(
    tape,
    weights.map((weight, level) => [
      weight,
      () => segmentationLoss(tape, spec, outputs[level]!, targetOf(level)),
    ]),
  );
}

function weightedSum(tape: Tape, terms: readonly (readonly [number, () => Variable])[]): Variable {
  const parts = terms
    .filter(([weight]) => weight !== 0)
    .map(([weight, loss]) => (weight === 1 ? loss() : tape.mul(loss(), tape.constant(weight))));
  if (parts.length === 0) {
    throw usageError(
      "A loss whose terms all have the weight 0 teaches nothing.",
      "Give one of them a weight.",
    );
  }
  return parts.reduce((sum, part) => tape.add(sum, part));
}
