/** Losses that are a mean over voxels: cross-entropy, focal, and the boundary loss. */
import { usageError } from "@viscera/core";
import type { Variable } from "../autodiff/index.js";
import { sumOverChannels } from "./channels.js";
import type { Activation, BoundaryLoss, CrossEntropyLoss, FocalLoss } from "./loss-spec.js";
import type { Scores } from "./scores.js";

/** Stands in for a count of 0, so that a batch in which no voxel counts has the loss 0. */
const NO_VOXELS = 1e-8;

export function crossEntropy(scores: Scores, spec: CrossEntropyLoss): Variable {
  const { tape, classes, relativeLogarithms, logSum } = scores;
  const { classWeights, labelSmoothing = 0, reduction = "mean" } = spec;
  const { valid, known } = scores.target;
  const one = tape.constant(1);
  const weights = classWeights && scores.perClass(classWeights);
  const truth = scores.masks("softmax");
  const masks = weights ? tape.mul(truth, weights) : truth;
  // Weight of each voxel's class, [N, 1, ...].
  const voxelWeights = sumOverChannels(tape, masks, one);
  // -log p of the true class is logSum less its relative logarithm.
  const own = sumOverChannels(tape, relativeLogarithms, masks);
  let sum = scores.total(tape.sub(tape.mul(voxelWeights, logSum), own));
  if (labelSmoothing > 0) {
    if (known) {
      throw usageError(
        "Label smoothing needs every class annotated in every case.",
        "Leave it out of the loss for partly labelled data.",
      );
    }
    const factors = weights ?? scores.perClass(new Array<number>(classes).fill(1));
    const every = tape.sub(
      tape.mul(logSum, sumOverChannels(tape, factors, one)),
      sumOverChannels(tape, relativeLogarithms, factors),
    );
    sum = tape.add(
      tape.mul(sum, tape.constant(1 - labelSmoothing)),
      tape.mul(scores.total(valid ? tape.mul(every, valid) : every), tape.constant(labelSmoothing / classes)),
    );
  }
  return reduction === "sum" ? sum : tape.div(sum, tape.maximum(scores.total(voxelWeights), NO_VOXELS));
}

export function binaryCrossEntropy(scores: Scores): Variable {
  return meanOverClasses(scores, binaryCrossEntropies(scores), "sigmoid", true);
}

/** -log p inside the mask, -log(1 - p) outside it, from the scores themselves. */
function binaryCrossEntropies(scores: Scores): Variable {
  const { tape, logits } = scores;
  return tape.sub(scores.softplus(logits), tape.mul(logits, scores.masks("sigmoid")));
}

export function focal(scores: Scores, spec: FocalLoss): Variable {
  const { tape } = scores;
  const { activation = "softmax", includeBackground = true } = spec;
  if (activation === "softmax") {
    const sum = scores.total(focalOfClasses(scores, spec));
    return tape.div(sum, countOf(scores, activation, includeBackground));
  }
  const { gamma = 2, alpha = null } = spec;
  const masks = scores.masks("sigmoid");
  // The logarithm of 1 - p(truth), again from the scores themselves.
  const sign = tape.sub(tape.mul(masks, tape.constant(2)), tape.constant(1));
  const logWrong = tape.neg(scores.softplus(tape.mul(scores.logits, sign)));
  const factor = tape.exp(tape.mul(logWrong, tape.constant(gamma)));
  let losses = tape.mul(factor, binaryCrossEntropies(scores));
  if (alpha !== null) {
    const inside = tape.mul(masks, tape.constant(2 * alpha - 1));
    losses = tape.mul(losses, tape.add(inside, tape.constant(1 - alpha)));
  }
  return meanOverClasses(scores, losses, activation, includeBackground);
}

/** -(1 - p)^gamma log p of each voxel's class with its weight, [N, 1, ...]. */
function focalOfClasses(
  scores: Scores,
  { gamma = 2, alpha = null, includeBackground = true }: FocalLoss,
): Variable {
  const { tape } = scores;
  const one = tape.constant(1);
  const masks = scores.masks("softmax");
  const background = !includeBackground ? 0 : alpha === null ? 1 : 1 - alpha;
  const others = alpha === null || !includeBackground ? 1 : alpha;
  const classWeights = Array.from({ length: scores.classes }, (_, c) => (c === 0 ? background : others));
  const weights = sumOverChannels(tape, masks, scores.perClass(classWeights));
  const log = tape.sub(sumOverChannels(tape, scores.relativeLogarithms, masks), scores.logSum);
  // The power by a logarithm that p = 1 leaves finite.
  const wrong = tape.maximum(tape.sub(one, tape.exp(log)), 1e-7);
  const factor = tape.exp(tape.mul(tape.log(wrong), tape.constant(gamma)));
  return tape.neg(tape.mul(tape.mul(factor, log), weights));
}

export function boundary(scores: Scores, spec: BoundaryLoss): Variable {
  const { tape, target } = scores;
  const { activation = "softmax", includeBackground = false } = spec;
  if (target.distances === null) {
    throw usageError("The boundary loss needs distance maps of the truth.", "Give them with the target.");
  }
  const products = tape.mul(scores.probabilities(activation), target.distances);
  return meanOverClasses(scores, products, activation, includeBackground);
}

/** Mean of [N, C, ...] over the voxels and classes that count. */
function meanOverClasses(
  scores: Scores,
  values: Variable,
  activation: Activation,
  includeBackground: boolean,
): Variable {
  const { tape, space } = scores;
  const { valid } = scores.target;
  // Over space first, so that samples and classes are told apart on a few numbers only.
  const sums = tape.reduceSum(valid ? tape.mul(values, valid) : values, space);
  const sum = scores.total(tape.mul(sums, scores.countedClasses(activation, includeBackground)));
  return tape.div(sum, countOf(scores, activation, includeBackground));
}

/** How many numbers of [N, C, ...] count. */
function countOf(scores: Scores, activation: Activation, includeBackground: boolean): Variable {
  const { tape, space } = scores;
  const { valid } = scores.target;
  const voxels = valid
    ? tape.reduceSum(valid, space)
    : tape.constant(scores.logits.dims.slice(2).reduce((product, n) => product * n, 1));
  const counted = scores.countedClasses(activation, includeBackground);
  return tape.maximum(scores.total(tape.mul(counted, voxels)), NO_VOXELS);
}
