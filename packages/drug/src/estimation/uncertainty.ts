/** Standard errors of a population fit, and what the data cannot tell apart. */
import { cholesky, inverseCholesky, multiplyDense, symmetricEigen } from "@viscera/numerics";
import { intervalOf, type NaturalParameter, type ParameterSpace } from "./parameter-space.js";
import type { PopulationProblem } from "./population-problem.js";

export interface Uncertainty {
  /** Of the free vector, by the inverse of half the observed Hessian. */
  covariance: Float64Array;
  /** With the subjects' gradients in between (sandwich), which does not rely on the model being right. */
  robust: Float64Array;
  /** Standard errors in the order of the natural parameters, and those of the sandwich; NaN for fixed ones. */
  errors: Float64Array;
  robustErrors: Float64Array;
  /** Of the correlation matrix of the free entries. */
  conditionNumber: number;
  warnings: string[];
}

export interface Estimate extends NaturalParameter {
  value: number;
  /** Null for what is fixed or unknown. */
  standardError: number | null;
  robustStandardError: number | null;
  relativePercent: number | null;
  /** 95 % interval, from the scale without bounds. */
  low: number | null;
  high: number | null;
}

const NORMAL_975 = 1.959963984540054;
const STEP = 1e-3;
/** Of the objective by a free entry; less is no knowledge of its order of magnitude. */
const LEAST_CURVATURE = 0.01;
/** Condition numbers above are no good sign (NONMEM's users' rule). */
const HIGH_CONDITION = 1000;

/** The Hessian of the objective by central differences of its gradient. */
export async function hessianByGradients(
  population: PopulationProblem,
  free: Float64Array,
  onProgress: (done: number, total: number) => void,
): Promise<Float64Array> {
  const n = free.length;
  const hessian = new Float64Array(n * n);
  const before = population.tolerance;
  population.tolerance = 1e-13;
  for (let k = 0; k < n; k++) {
    onProgress(k, n);
    const moved = (by: number) => population.gradient(free.map((value, i) => (i === k ? value + by : value)));
    const up = await moved(STEP);
    const down = await moved(-STEP);
    for (let i = 0; i < n; i++) hessian[i * n + k] = (up[i]! - down[i]!) / (2 * STEP);
  }
  population.tolerance = before;
  for (let i = 0; i < n; i++)
    for (let k = 0; k < i; k++)
      hessian[i * n + k] = hessian[k * n + i] = (hessian[i * n + k]! + hessian[k * n + i]!) / 2;
  return hessian;
}

/** Entries of which the data tell nothing are kept as they are, so that the others have their errors. */
export function uncertaintyOf(
  space: ParameterSpace,
  free: Float64Array,
  hessian: Float64Array,
  products: Float64Array,
): Uncertainty {
  const n = free.length;
  const names = space.freeNames;
  const warnings: string[] = [];
  const unknown = (warning: string, conditionNumber: number): Uncertainty => ({
    covariance: new Float64Array(n * n).fill(Number.NaN),
    robust: new Float64Array(n * n).fill(Number.NaN),
    errors: new Float64Array(space.natural.length).fill(Number.NaN),
    robustErrors: new Float64Array(space.natural.length).fill(Number.NaN),
    conditionNumber,
    warnings: [...warnings, warning],
  });
  if (!hessian.every(Number.isFinite)) {
    return unknown("No standard errors: the likelihood cannot be computed beside the estimates.", Number.NaN);
  }
  const flat = names.map((_, i) => hessian[i * n + i]! < LEAST_CURVATURE);
  const kept = names.map((_, i) => i).filter((i) => !flat[i]);
  if (kept.length < n) {
    const which = names.filter((_, i) => flat[i]);
    warnings.push(
      `The data tell nothing of ${which.join(", ")}: no standard error of ${which.length === 1 ? "it" : "them"}; fix ${which.length === 1 ? "it" : "them"}.`,
    );
  }
  const m = kept.length;
  // In units of each entry's own curvature, so that smallness means something.
  const scale = kept.map((i) => Math.sqrt(hessian[i * n + i]!));
  const scaled = Float64Array.from({ length: m * m }, (_, k) => {
    const [r, c] = [Math.floor(k / m), k % m];
    return hessian[kept[r]! * n + kept[c]!]! / (scale[r]! * scale[c]!);
  });
  const { values, vectors } = symmetricEigen(scaled, m);
  if (m === 0 || values[0]! < 1e-7) {
    const vector = vectors.subarray(0, m);
    const which = kept.filter((_, r) => vector[r]! ** 2 > 0.1).map((i) => names[i]!);
    return unknown(
      `The data cannot tell ${which.join(", ")} apart: no standard errors; fix one of them.`,
      Number.POSITIVE_INFINITY,
    );
  }
  const inverse = inverseCholesky(cholesky(scaled, m)!, m);
  const covariance = new Float64Array(n * n);
  for (const [r, i] of kept.entries())
    for (const [c, k] of kept.entries()) {
      covariance[i * n + k] = (2 * inverse[r * m + c]!) / (scale[r]! * scale[c]!);
    }
  const quarter = products.map((value) => value / 4);
  const robust = multiplyDense(multiplyDense(covariance, quarter, n), covariance, n);
  const correlation = Float64Array.from({ length: m * m }, (_, k) => {
    const [r, c] = [Math.floor(k / m), k % m];
    return inverse[k]! / Math.sqrt(inverse[r * (m + 1)]! * inverse[c * (m + 1)]!);
  });
  const spectrum = symmetricEigen(correlation, m).values;
  const conditionNumber = spectrum[m - 1]! / spectrum[0]!;
  if (conditionNumber > HIGH_CONDITION) {
    warnings.push(
      `The condition number is ${conditionNumber.toPrecision(3)}: some estimates hang on each other.`,
    );
  }
  return {
    covariance,
    robust,
    errors: naturalErrors(space, free, covariance),
    robustErrors: naturalErrors(space, free, robust),
    conditionNumber,
    warnings,
  };
}

/** Square roots of the diagonal of J C J' (delta method). */
function naturalErrors(space: ParameterSpace, free: Float64Array, covariance: Float64Array): Float64Array {
  const n = free.length;
  const jacobian = space.jacobian(free);
  return Float64Array.from(space.natural, ({ fixed }, row) => {
    if (fixed) return Number.NaN;
    let sum = 0;
    for (let i = 0; i < n; i++)
      for (let k = 0; k < n; k++)
        sum += jacobian[row * n + i]! * covariance[i * n + k]! * jacobian[row * n + k]!;
    // 0 of what was kept as it is.
    return sum > 0 ? Math.sqrt(sum) : Number.NaN;
  });
}

/** The table of estimates. */
export function estimates(
  space: ParameterSpace,
  free: Float64Array,
  uncertainty: Uncertainty | null,
): Estimate[] {
  const values = space.naturalValues(free);
  const n = free.length;
  let at = 0;
  return space.natural.map((natural, row): Estimate => {
    const value = values[row]!;
    const entry = natural.fixed ? -1 : at++;
    const error = entry < 0 ? Number.NaN : (uncertainty?.errors[row] ?? Number.NaN);
    if (!Number.isFinite(error)) {
      const none = {
        standardError: null,
        robustStandardError: null,
        relativePercent: null,
        low: null,
        high: null,
      };
      return { ...natural, value, ...none };
    }
    let interval = { low: value - NORMAL_975 * error, high: value + NORMAL_975 * error };
    if (natural.kind === "structural") {
      const half = NORMAL_975 * Math.sqrt(uncertainty!.covariance[entry * n + entry]!);
      interval = intervalOf(space.structural[row]!, free[entry]!, half);
    } else if (natural.kind !== "covariance") {
      // On the logarithm, which variances and standard deviations are nearer to being normal on.
      const ratio = Math.exp((NORMAL_975 * error) / value);
      interval = { low: value / ratio, high: value * ratio };
    }
    const robust = uncertainty!.robustErrors[row]!;
    return {
      ...natural,
      value,
      standardError: error,
      robustStandardError: Number.isFinite(robust) ? robust : null,
      relativePercent: (100 * error) / Math.abs(value),
      ...interval,
    };
  });
}
