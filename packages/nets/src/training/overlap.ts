/** Losses from the overlap of a class's probability with its mask: the Dice family and Tversky. */
import type { Variable } from "../autodiff/index.js";
import { sumOverChannels } from "./channels.js";
import type { Activation, DiceLoss, GeneralisedDiceLoss, SoftDiceLoss, TverskyLoss } from "./loss-spec.js";
import type { Scores } from "./scores.js";

/** Sums of a class over space, [N, C, 1, ...], or over the batch too, [1, C, 1, ...]. */
interface Overlap {
  /** Probability within the mask. */
  intersection: Variable;
  prediction: Variable;
  /** Volume of the mask. */
  truth: Variable;
  /** Part in a mean over classes, 1 or 0. */
  counted: Variable;
}

interface Options {
  activation?: Activation;
  includeBackground?: boolean;
  batch?: boolean;
  squaredPrediction?: boolean;
}

function overlap(scores: Scores, options: Options): Overlap {
  const { tape, space } = scores;
  const { activation = "softmax", includeBackground = true, batch = false, squaredPrediction } = options;
  const { valid } = scores.target;
  const axes = batch ? [0, ...space] : space;
  const probabilities = scores.probabilities(activation);
  const masks = scores.masks(activation);
  const predicted = squaredPrediction ? tape.square(probabilities) : probabilities;
  const counted = scores.countedClasses(activation, includeBackground);
  return {
    intersection: tape.reduceSum(tape.mul(probabilities, masks), axes),
    prediction: tape.reduceSum(valid ? tape.mul(predicted, valid) : predicted, axes),
    truth: tape.reduceSum(masks, axes),
    // A class counts for a batch when one of its samples knows it.
    counted: batch ? tape.reduceMax(counted, [0]) : counted,
  };
}

/** Mean over the classes that count; a class that does not may hold any finite number. */
function meanOf(scores: Scores, perClass: Variable, counted: Variable): Variable {
  const { tape } = scores;
  const count = tape.maximum(scores.total(counted), 1);
  return tape.div(scores.total(tape.mul(perClass, counted)), count);
}

export function dice(scores: Scores, spec: DiceLoss): Variable {
  const { tape } = scores;
  const { smoothNumerator = 1e-5, smoothDenominator = 1e-5 } = spec;
  const { intersection, prediction, truth, counted } = overlap(scores, spec);
  const two = tape.constant(2);
  const sum = tape.add(prediction, truth);
  const denominator = spec.jaccard ? tape.mul(tape.sub(sum, intersection), two) : sum;
  const ratio = tape.div(
    tape.add(tape.mul(intersection, two), tape.constant(smoothNumerator)),
    tape.add(denominator, tape.constant(smoothDenominator)),
  );
  return meanOf(scores, tape.sub(tape.constant(1), ratio), counted);
}

export function softDice(scores: Scores, spec: SoftDiceLoss): Variable {
  const { tape } = scores;
  const { intersection, prediction, truth, counted } = overlap(scores, spec);
  const smooth = tape.constant(spec.smooth ?? 1);
  const ratio = tape.div(
    tape.add(tape.mul(intersection, tape.constant(2)), smooth),
    tape.maximum(tape.add(tape.add(truth, prediction), smooth), 1e-8),
  );
  return tape.neg(meanOf(scores, ratio, counted));
}

export function generalisedDice(scores: Scores, spec: GeneralisedDiceLoss): Variable {
  const { tape } = scores;
  const { weighting = "square", smoothNumerator = 1e-5, smoothDenominator = 1e-5 } = spec;
  const { intersection, prediction, truth, counted } = overlap(scores, spec);
  const one = tape.constant(1);
  let weights = counted;
  if (weighting !== "uniform") {
    // Masks are 0 or 1 a voxel: a class with any voxel has a volume of 1 at least.
    const volume = tape.maximum(truth, 1);
    const present = tape.mul(tape.minimum(truth, 1), counted);
    const size = weighting === "square" ? tape.square(volume) : volume;
    const own = tape.div(present, size);
    const largest = tape.reduceMax(own, [1]);
    weights = tape.add(own, tape.mul(largest, tape.mul(tape.sub(one, present), counted)));
  }
  const sum = (x: Variable) => sumOverChannels(tape, x, weights);
  const ratio = tape.div(
    tape.add(tape.mul(sum(intersection), tape.constant(2)), tape.constant(smoothNumerator)),
    tape.add(sum(tape.add(truth, prediction)), tape.constant(smoothDenominator)),
  );
  return scores.mean(tape.sub(one, ratio));
}

export function tversky(scores: Scores, spec: TverskyLoss): Variable {
  const { tape } = scores;
  const { alpha = 0.5, beta = 0.5, smoothNumerator = 1e-5, smoothDenominator = 1e-5 } = spec;
  const { intersection, prediction, truth, counted } = overlap(scores, spec);
  const falsePositive = tape.mul(tape.sub(prediction, intersection), tape.constant(alpha));
  const falseNegative = tape.mul(tape.sub(truth, intersection), tape.constant(beta));
  const ratio = tape.div(
    tape.add(intersection, tape.constant(smoothNumerator)),
    tape.add(
      tape.add(intersection, tape.add(falsePositive, falseNegative)),
      tape.constant(smoothDenominator),
    ),
  );
  return meanOf(scores, tape.sub(tape.constant(1), ratio), counted);
}
