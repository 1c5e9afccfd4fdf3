/**
 * Two-class scores over all thresholds. `scores` are probabilities or any numbers that grow with belief; `isPositive`
 * says which samples are positive (nonzero). A sample counts as predicted from its score upwards.
 */
import { inputError, usageError } from "@viscera/core";

/** Operating points from the threshold above all scores down to the lowest score. */
export interface OperatingPoints {
  thresholds: Float64Array;
  truePositives: Float64Array;
  falsePositives: Float64Array;
  positives: number;
  negatives: number;
}

/** Throws `usage` for lists of different lengths, `input.scores` for a score that is no number. */
export function operatingPoints(scores: ArrayLike<number>, isPositive: ArrayLike<number>): OperatingPoints {
  const count = scores.length;
  if (count === 0 || isPositive.length !== count)
    throw usageError(`${count} scores and ${isPositive.length} references do not make a comparison.`);
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const thresholds = [Number.POSITIVE_INFINITY];
  const truePositives = [0];
  const falsePositives = [0];
  for (const at of order) {
    if (Number.isNaN(scores[at]!))
      throw inputError("scores", `Score ${at + 1} is not a number.`, "Give a number for each sample.");
    if (scores[at] !== thresholds.at(-1)) {
      thresholds.push(scores[at]!);
      truePositives.push(truePositives.at(-1)!);
      falsePositives.push(falsePositives.at(-1)!);
    }
    const counts = isPositive[at] !== 0 ? truePositives : falsePositives;
    counts[counts.length - 1]!++;
  }
  return {
    thresholds: Float64Array.from(thresholds),
    truePositives: Float64Array.from(truePositives),
    falsePositives: Float64Array.from(falsePositives),
    positives: truePositives.at(-1)!,
    negatives: falsePositives.at(-1)!,
  };
}

/** Area under the ROC curve, ties counting one half; NaN where only one class occurs (as MONAI and MetricsReloaded). */
export function auroc(scores: ArrayLike<number>, isPositive: ArrayLike<number>): number {
  const { truePositives, falsePositives, positives, negatives } = operatingPoints(scores, isPositive);
  let area = 0;
  for (let i = 1; i < truePositives.length; i++)
    area += ((falsePositives[i]! - falsePositives[i - 1]!) * (truePositives[i]! + truePositives[i - 1]!)) / 2;
  return area / (positives * negatives);
}

/** The same; throws `input.one-class` where only one class occurs, as scikit-learn does. */
export function strictAuroc(scores: ArrayLike<number>, isPositive: ArrayLike<number>): number {
  const area = auroc(scores, isPositive);
  if (Number.isNaN(area))
    throw inputError("one-class", "The reference holds one class only, so there is no ROC curve.");
  return area;
}

/**
 * Average precision. `step` (scikit-learn, MONAI): each gain in recall times the precision there. `trapezoid`
 * (MetricsReloaded): the area under straight lines between the points, from precision 1 at recall 0.
 */
export function averagePrecision(
  scores: ArrayLike<number>,
  isPositive: ArrayLike<number>,
  rule: "step" | "trapezoid",
): number {
  const { truePositives, falsePositives, positives } = operatingPoints(scores, isPositive);
  let area = 0;
  let before = 1;
  for (let i = 1; i < truePositives.length; i++) {
    const precision = truePositives[i]! / (truePositives[i]! + falsePositives[i]!);
    const gain = truePositives[i]! - truePositives[i - 1]!;
    area += gain * (rule === "step" ? precision : (precision + before) / 2);
    before = precision;
  }
  return area / positives;
}

export type Rate = "sensitivity" | "specificity" | "precision";

/**
 * The best value of one rate among the operating points at which another reaches `least`. The precision above all
 * scores is 1. Throws `input.no-operating-point` where none does; NaN where the asked rate has no value.
 */
export function rateAt(
  asked: Rate,
  given: Rate,
  least: number,
  scores: ArrayLike<number>,
  isPositive: ArrayLike<number>,
): number {
  const points = operatingPoints(scores, isPositive);
  const rate = (name: Rate, i: number) => {
    const tp = points.truePositives[i]!;
    const fp = points.falsePositives[i]!;
    if (name === "sensitivity") return tp / points.positives;
    if (name === "specificity") return (points.negatives - fp) / points.negatives;
    return i === 0 ? 1 : tp / (tp + fp);
  };
  const reached = Array.from(points.thresholds.keys()).filter((i) => rate(given, i) >= least);
  if (reached.length === 0)
    throw inputError("no-operating-point", `No threshold reaches a ${given} of ${least}.`);
  return Math.max(...reached.map((i) => rate(asked, i)));
}
