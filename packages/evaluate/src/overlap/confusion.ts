/**
 * Counts of a two-class comparison and the ratios made of them. A ratio whose denominator is 0 is NaN here; what a
 * convention makes of that stands in its file.
 */
import type { MaskPair } from "../masks/mask-pair.js";

/** True and false positives and negatives: voxels, samples or lesions. */
export interface Confusion {
  tp: number;
  fp: number;
  fn: number;
  tn: number;
}

export function confusionOf({ refVoxels, predVoxels, bothVoxels, imageVoxels }: MaskPair): Confusion {
  return {
    tp: bothVoxels,
    fp: predVoxels - bothVoxels,
    fn: refVoxels - bothVoxels,
    tn: imageVoxels - refVoxels - predVoxels + bothVoxels,
  };
}

export const dice = ({ tp, fp, fn }: Confusion) => (2 * tp) / (2 * tp + fp + fn);
export const iou = ({ tp, fp, fn }: Confusion) => tp / (tp + fp + fn);
export const sensitivity = ({ tp, fn }: Confusion) => tp / (tp + fn);
export const specificity = ({ tn, fp }: Confusion) => tn / (tn + fp);
/** Positive predictive value. */
export const precision = ({ tp, fp }: Confusion) => tp / (tp + fp);
export const negativePredictiveValue = ({ tn, fn }: Confusion) => tn / (tn + fn);
export const accuracy = ({ tp, fp, fn, tn }: Confusion) => (tp + tn) / (tp + fp + fn + tn);
export const balancedAccuracy = (c: Confusion) => (sensitivity(c) + specificity(c)) / 2;
/** Youden's index, informedness. */
export const youden = (c: Confusion) => sensitivity(c) + specificity(c) - 1;
export const markedness = (c: Confusion) => precision(c) + negativePredictiveValue(c) - 1;
export const fowlkesMallows = (c: Confusion) => Math.sqrt(precision(c) * sensitivity(c));

/** F-score: recall counts `beta` times as much as precision. */
export function fBeta({ tp, fp, fn }: Confusion, beta: number): number {
  const square = beta * beta;
  return ((1 + square) * tp) / ((1 + square) * tp + square * fn + fp);
}

/** Matthews' correlation coefficient (doi:10.1016/0005-2795(75)90109-9). */
export function matthews({ tp, fp, fn, tn }: Confusion): number {
  // Roots first: the product of four voxel counts can pass 2^53.
  const scale = Math.sqrt(tp + fp) * Math.sqrt(tp + fn) * Math.sqrt(tn + fp) * Math.sqrt(tn + fn);
  return scale === 0 ? Number.NaN : (tp * tn - fp * fn) / scale;
}

/** Cohen's kappa (doi:10.1177/001316446002000104). */
export function cohenKappa({ tp, fp, fn, tn }: Confusion): number {
  const n = tp + fp + fn + tn;
  const observed = (tp + tn) / n;
  const byChance = ((tp + fp) * (tp + fn) + (tn + fp) * (tn + fn)) / (n * n);
  return (observed - byChance) / (1 - byChance);
}

/** Prevalence below which a positive result is more often wrong than right (doi:10.1371/journal.pone.0240215). */
export function prevalenceThreshold(c: Confusion): number {
  const falsePositives = 1 - specificity(c);
  return (Math.sqrt(sensitivity(c) * falsePositives) - falsePositives) / youden(c);
}

/** Positive likelihood ratio. */
export const likelihoodRatio = (c: Confusion) => sensitivity(c) / (1 - specificity(c));

/** Net benefit (doi:10.1177/0272989X06295361): a false positive costs `exchangeRate` true ones. */
export function netBenefit({ tp, fp, fn, tn }: Confusion, exchangeRate: number): number {
  return (tp - exchangeRate * fp) / (tp + fp + fn + tn);
}
