/** How well probabilities mean what they say. `probabilities[sample][class]`, `classes[sample]` the true one. */
import { usageError } from "@viscera/core";
import { gamma } from "./gamma.js";

export type Probabilities = readonly (readonly number[])[];

/** Samples of each bin (l, u], edges in steps of 1 / bins from 0: a probability of exactly 0 falls in none. */
interface Bin {
  samples: number;
  /** |share of positives - mean probability|; 0 without samples. */
  gap: number;
}

function binsOf(probabilities: readonly number[], isPositive: readonly boolean[], count: number): Bin[] {
  if (!(Number.isInteger(count) && count >= 1)) throw usageError(`${count} is no number of bins.`);
  const step = 1 / count;
  return Array.from({ length: count }, (_, b) => {
    let samples = 0;
    let positives = 0;
    let sum = 0;
    for (const [n, p] of probabilities.entries()) {
      if (!(p > b * step && p <= (b + 1) * step)) continue;
      samples++;
      sum += p;
      if (isPositive[n]) positives++;
    }
    return { samples, gap: samples === 0 ? 0 : Math.abs(positives / samples - sum / samples) };
  });
}

/** Expected calibration error of the positive class's probabilities, over the samples that fall in a bin. */
export function expectedCalibrationError(
  probabilities: readonly number[],
  isPositive: readonly boolean[],
  bins = 10,
): number {
  const found = binsOf(probabilities, isPositive, bins);
  const samples = found.reduce((sum, bin) => sum + bin.samples, 0);
  return found.reduce((sum, bin) => sum + bin.samples * bin.gap, 0) / samples;
}

/** The largest gap of a bin. */
export function maximumCalibrationError(
  probabilities: readonly number[],
  isPositive: readonly boolean[],
  bins = 10,
): number {
  return Math.max(...binsOf(probabilities, isPositive, bins).map(({ gap }) => gap));
}

/** Mean over the classes of their calibration errors, each over all samples. */
export function classWiseCalibrationError(
  probabilities: Probabilities,
  classes: readonly number[],
  bins = 10,
): number {
  const count = probabilities[0]!.length;
  let total = 0;
  for (let k = 0; k < count; k++) {
    const found = binsOf(
      probabilities.map((row) => row[k]!),
      classes.map((c) => c === k),
      bins,
    );
    total += found.reduce((sum, bin) => sum + bin.samples * bin.gap, 0) / classes.length;
  }
  return total / count;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const target = (classes: readonly number[], n: number, k: number) => (classes[n] === k ? 1 : 0);

/**
 * Brier score, summed over the classes (Brier 1950): with two classes twice the mean square error of one, which is
 * what scikit-learn calls the Brier score loss.
 */
export function brierScore(probabilities: Probabilities, classes: readonly number[]): number {
  return mean(
    probabilities.map((row, n) => row.reduce((sum, p, k) => sum + (p - target(classes, n, k)) ** 2, 0)),
  );
}

/** Mean log of the true class's probability, 1e-10 added: negative, higher is better (MetricsReloaded). */
export function logarithmicScore(probabilities: Probabilities, classes: readonly number[]): number {
  return mean(probabilities.map((row, n) => Math.log(row[classes[n]!]! + 1e-10)));
}

/** Mean of -log of the true class's probability; Infinity where one is 0. */
export function negativeLogLikelihood(probabilities: Probabilities, classes: readonly number[]): number {
  return mean(probabilities.map((row, n) => -Math.log(row[classes[n]!]!)));
}

/** The same with probabilities kept from 0 and 1 by the precision of doubles, as scikit-learn's log loss. */
export function logLoss(probabilities: Probabilities, classes: readonly number[]): number {
  const epsilon = 2 ** -52;
  const kept = probabilities.map((row) => {
    const clipped = row.map((p) => Math.min(1 - epsilon, Math.max(epsilon, p)));
    const sum = clipped.reduce((a, b) => a + b, 0);
    return clipped.map((p) => p / sum);
  });
  return negativeLogLikelihood(kept, classes);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.sqrt(a.reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0));
}

/**
 * Kernel calibration error (Widmann, Lindsten & Zachariah, NeurIPS 2019): unbiased estimate with the kernel
 * exp(-distance / median distance); NaN where all probabilities are equal.
 */
export function kernelCalibrationError(probabilities: Probabilities, classes: readonly number[]): number {
  const count = probabilities.length;
  const all = Float64Array.from(
    probabilities.flatMap((a) => probabilities.map((b) => distance(a, b))),
  ).sort();
  const bandwidth = (all[(all.length - 1) >> 1]! + all[all.length >> 1]!) / 2;
  const errors = probabilities.map((row, n) => row.map((p, k) => target(classes, n, k) - p));
  let sum = 0;
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) {
      const kernel = Math.exp(-distance(probabilities[i]!, probabilities[j]!) / bandwidth);
      sum += kernel * errors[i]!.reduce((dot, error, k) => dot + error * errors[j]![k]!, 0);
    }
  return sum / ((count * (count - 1)) / 2);
}

/**
 * Calibration error by kernel density (Popordanoska, Sayer & Blaschko, NeurIPS 2022): each sample's probabilities
 * against the classes of all others, weighted by Dirichlet kernels around theirs.
 */
export function kernelDensityCalibrationError(
  probabilities: Probabilities,
  classes: readonly number[],
  bandwidth = 0.5,
): number {
  const alphas = probabilities.map((row) => row.map((p) => p / bandwidth + 1));
  const scales = alphas.map(
    (alpha) => gamma(alpha.reduce((a, b) => a + b, 0)) / alpha.reduce((product, a) => product * gamma(a), 1),
  );
  const count = probabilities[0]!.length;
  return mean(
    probabilities.map((row, j) => {
      const found = new Array<number>(count).fill(0);
      let total = 0;
      for (const [i, alpha] of alphas.entries()) {
        if (i === j) continue;
        const kernel = row.reduce((product, p, k) => product * p ** (alpha[k]! - 1), scales[i]!);
        found[classes[i]!]! += kernel;
        total += kernel;
      }
      return Math.sqrt(found.reduce((sum, value, k) => sum + (value / total - row[k]!) ** 2, 0));
    }),
  );
}
