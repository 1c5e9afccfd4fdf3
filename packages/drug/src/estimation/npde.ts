/**
 * Normalised prediction distribution errors (Brendel et al. 2006, doi:10.1007/s11095-006-9067-5; Comets, Brendel & Mentre
 * 2008, doi:10.1016/j.cmpb.2007.12.002): standard normal if the model is right.
 */
import { cholesky, lowerGamma, normalCdf, normalQuantile, solveLower } from "@viscera/numerics";
import type { EstimationProblem } from "./problem.js";

export interface NpdeResult {
  /** Per observation in the order of the residuals; null for values below a limit and where simulations failed. */
  values: (number | null)[];
  mean: number;
  variance: number;
  /** Of mean 0 (Wald), variance 1 (chi square) and normality (Anderson & Darling), and the three with Bonferroni's rule. */
  p: { mean: number; variance: number; normality: number; together: number };
}

/** `simulated` are tables replicates x observations per subject; null where they are too few for every subject. */
export function npdeOf(problem: EstimationProblem, simulated: readonly Float64Array[]): NpdeResult | null {
  const values = problem.subjects.flatMap(({ data: { observations } }, s) =>
    npdeOfSubject(
      observations.map(({ value, censored }) => (censored ? null : value)),
      simulated[s]!,
    ),
  );
  const known = values.filter((value) => value !== null);
  const n = known.length;
  if (n < 3) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / n;
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const ofMean = twoSided(mean / Math.sqrt(variance / n));
  const below = lowerGamma((n - 1) / 2, ((n - 1) * variance) / 2);
  const ofVariance = 2 * Math.min(below, 1 - below);
  const normality = andersonDarling(known, mean, Math.sqrt(variance));
  const together = Math.min(1, 3 * Math.min(ofMean, ofVariance, normality));
  return { values, mean, variance, p: { mean: ofMean, variance: ofVariance, normality, together } };
}

const twoSided = (z: number) => 2 * normalCdf(-Math.abs(z));

function npdeOfSubject(observed: readonly (number | null)[], table: Float64Array): (number | null)[] {
  const count = observed.length;
  const places = observed.flatMap((value, j) => (value === null ? [] : [j]));
  const n = places.length;
  const all = table.length / Math.max(1, count);
  const draws = Array.from({ length: all }, (_, k) =>
    Float64Array.from(places, (j) => table[k * count + j]!),
  ).filter((draw) => draw.every(Number.isFinite));
  const replicates = draws.length;
  const nothing = observed.map(() => null);
  if (n === 0 || replicates <= n + 2) return nothing;
  const mean = new Float64Array(n);
  for (const draw of draws) for (let i = 0; i < n; i++) mean[i]! += draw[i]! / replicates;
  const covariance = new Float64Array(n * n);
  for (const draw of draws)
    for (let i = 0; i < n; i++)
      for (let k = 0; k <= i; k++)
        covariance[i * n + k]! += ((draw[i]! - mean[i]!) * (draw[k]! - mean[k]!)) / (replicates - 1);
  const root = cholesky(covariance, n);
  if (root === null) return nothing;
  const decorrelated = (values: ArrayLike<number>) =>
    solveLower(
      root,
      Float64Array.from(values, (value, i) => value - mean[i]!),
      n,
    );
  const own = decorrelated(places.map((j) => observed[j]!)).map(
    (value, i) => value * comparable(i + 1, replicates),
  );
  const below = new Float64Array(n);
  for (const draw of draws) {
    const other = decorrelated(draw);
    for (let i = 0; i < n; i++) if (other[i]! < own[i]!) below[i]! += 1;
  }
  const result: (number | null)[] = [...nothing];
  for (const [i, j] of places.entries()) {
    const share = below[i]! / replicates;
    const inside = Math.min(1 - 0.5 / replicates, Math.max(0.5 / replicates, share));
    result[j] = normalQuantile(inside);
  }
  return result;
}

/**
 * The factor that makes the i-th decorrelated observation comparable with the draws, whose own covariance it was
 * decorrelated by: the draws are the sample of a regression on the i - 1 before, the observation is predicted by it, with
 * the variance (1 + 1/K) (K - 2) / (K - i - 1) where the sample's is (K - i) / (K - 1).
 */
function comparable(i: number, replicates: number): number {
  const k = replicates;
  return Math.sqrt(((k - i - 1) * (k - i)) / ((k - 2) * (k - 1) * (1 + 1 / k)));
}

/** p of normality with estimated mean and deviation (D'Agostino & Stephens, Goodness-of-Fit Techniques, 1986, table 4.9). */
function andersonDarling(values: readonly number[], mean: number, deviation: number): number {
  const sorted = values.map((value) => (value - mean) / deviation).sort((a, b) => a - b);
  const n = sorted.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const lower = Math.max(normalCdf(sorted[i]!), 1e-300);
    const upper = Math.max(normalCdf(-sorted[n - 1 - i]!), 1e-300);
    sum += (2 * i + 1) * (Math.log(lower) + Math.log(upper));
  }
  const a = (-n - sum / n) * (1 + 0.75 / n + 2.25 / n ** 2);
  if (a >= 0.6) return Math.min(1, Math.exp(1.2937 - 5.709 * a + 0.0186 * a * a));
  if (a > 0.34) return Math.exp(0.9177 - 4.279 * a - 1.38 * a * a);
  if (a > 0.2) return 1 - Math.exp(-8.318 + 42.796 * a - 59.938 * a * a);
  return 1 - Math.exp(-13.436 + 101.14 * a - 223.73 * a * a);
}
