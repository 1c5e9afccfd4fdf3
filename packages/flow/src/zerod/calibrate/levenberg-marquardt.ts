/**
 * Levenberg-Marquardt's method on groups that share nothing but the damping: Marquardt, J. Soc. Ind. Appl. Math. 11
 * (1963) 431, doi:10.1137/0111030. The damping follows the gradient, as in svZeroDCalibrator.
 */
import type { JobOptions } from "@viscera/core";
import { Turns } from "@viscera/kernels";
import { type FitGroup, sumGroup } from "./fit-group.js";

export interface MarquardtOptions extends JobOptions {
  initialDamping: number;
  gradientTolerance: number;
  incrementTolerance: number;
  iterations: number;
}

export interface MarquardtOutcome {
  iterations: number;
  converged: boolean;
  /** Sums of squares before and after. */
  costBefore: number;
  cost: number;
  /** Parameters that the observations say nothing about, kept as they were. */
  undetermined: { group: FitGroup; parameter: number }[];
}

/** Changes every group's values in place. */
export async function fitGroups(
  groups: readonly FitGroup[],
  times: number,
  options: MarquardtOptions,
): Promise<MarquardtOutcome> {
  const turns = new Turns(options.signal);
  let damping = options.initialDamping;
  let gradientBefore = 0;
  let costBefore = Number.NaN;
  let converged = false;
  let iterations = 0;
  let undetermined: MarquardtOutcome["undetermined"] = [];
  while (!converged && iterations < options.iterations) {
    let gradientSquares = 0;
    let cost = 0;
    const sums = groups.map((group) => sumGroup(group, times));
    for (const sum of sums) {
      cost += sum.cost;
      for (const value of sum.gradient) gradientSquares += value * value;
    }
    if (iterations === 0) costBefore = cost;
    const gradientNorm = Math.sqrt(gradientSquares);
    if (iterations > 0 && gradientBefore > 0) damping *= gradientNorm / gradientBefore;
    gradientBefore = gradientNorm;
    let incrementSquares = 0;
    undetermined = [];
    for (const [i, group] of groups.entries()) {
      const { normal, gradient } = sums[i]!;
      const { increment, unknown } = dampedIncrement(normal, gradient, damping);
      for (const parameter of unknown) undetermined.push({ group, parameter });
      for (const [k, value] of increment.entries()) {
        group.alpha[k]! -= value;
        incrementSquares += value * value;
      }
    }
    iterations++;
    options.onProgress?.({ stage: `iteration ${iterations}`, done: iterations, total: options.iterations });
    await turns.giveWay();
    converged =
      gradientNorm < options.gradientTolerance && Math.sqrt(incrementSquares) < options.incrementTolerance;
  }
  const cost = groups.reduce((sum, group) => sum + sumGroup(group, times).cost, 0);
  return { iterations, converged, costBefore, cost, undetermined };
}

/** Pivots of a Cholesky factor, of a matrix scaled to a unit diagonal, below which a parameter is undetermined. */
const LEAST_PIVOT = 1e-14;

/**
 * The solution of (N + damping diag N) x = g by Cholesky factors of the matrix scaled to a unit diagonal; 0 for
 * parameters that it does not determine.
 */
export function dampedIncrement(
  normal: Float64Array,
  gradient: Float64Array,
  damping: number,
): { increment: Float64Array; unknown: number[] } {
  const k = gradient.length;
  const scale = Float64Array.from(gradient, (_, i) => Math.sqrt(normal[i * k + i]!));
  const factor = new Float64Array(k * k);
  const unknown: number[] = [];
  for (let i = 0; i < k; i++) {
    for (let j = 0; j <= i; j++) {
      const both = scale[i]! * scale[j]!;
      let sum = both > 0 ? normal[i * k + j]! / both : 0;
      if (i === j) sum *= 1 + damping;
      for (let l = 0; l < j; l++) sum -= factor[i * k + l]! * factor[j * k + l]!;
      if (i === j) {
        if (!(sum > LEAST_PIVOT)) unknown.push(i);
        factor[i * k + i] = sum > LEAST_PIVOT ? Math.sqrt(sum) : 0;
      } else factor[i * k + j] = factor[j * k + j]! > 0 ? sum / factor[j * k + j]! : 0;
    }
  }
  const x = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    if (factor[i * k + i] === 0) continue;
    let sum = gradient[i]! / scale[i]!;
    for (let j = 0; j < i; j++) sum -= factor[i * k + j]! * x[j]!;
    x[i] = sum / factor[i * k + i]!;
  }
  for (let i = k - 1; i >= 0; i--) {
    if (factor[i * k + i] === 0) continue;
    let sum = x[i]!;
    for (let j = i + 1; j < k; j++) sum -= factor[j * k + i]! * x[j]!;
    x[i] = sum / factor[i * k + i]!;
  }
  return { increment: x.map((value, i) => (factor[i * k + i]! > 0 ? value / scale[i]! : 0)), unknown };
}
