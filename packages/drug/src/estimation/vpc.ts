/** Visual predictive checks: percentiles of the data beside those of data sets drawn from the model. */
import { quantile } from "../population/results.js";
import type { EstimationProblem } from "./problem.js";
import type { ResidualRow } from "./residuals.js";

export interface VpcOptions {
  /** Default 10; fewer where times coincide. */
  bins?: number;
  /** In percent; default 5, 50, 95. */
  percentiles?: readonly number[];
  /** Correct for differences of the typical prediction within a bin (Bergstrand et al. 2011, doi:10.1208/s12248-011-9255-z). */
  predictionCorrected?: boolean;
}

export interface VpcBin {
  output: string;
  from: number;
  to: number;
  /** Median time of its observations. */
  time: number;
  observations: number;
  /** Per percentile: of the data, and the median and 95 % interval of those of the drawn data sets. */
  levels: { percentile: number; observed: number; median: number; low: number; high: number }[];
}

/**
 * `simulated` are tables replicates x observations per subject, `rows` the observations in the same order. A value below a
 * limit counts as just below it in the data and in the draws.
 */
export function visualPredictiveCheck(
  problem: EstimationProblem,
  rows: readonly ResidualRow[],
  simulated: readonly Float64Array[],
  { bins = 10, percentiles = [5, 50, 95], predictionCorrected = false }: VpcOptions = {},
): VpcBin[] {
  const places = problem.subjects.flatMap(({ data: { observations } }, subject) =>
    observations.map((_, j) => ({ subject, j, count: observations.length })),
  );
  const outputs = [...new Set(rows.map(({ output }) => output))];
  return outputs.flatMap((output) => {
    const all = rows.flatMap((row, i) => (row.output === output ? [i] : []));
    return binned(all, rows, bins).map((members): VpcBin => {
      const times = members.map((i) => rows[i]!.time).sort((a, b) => a - b);
      const typical = members.map((i) => rows[i]!.predicted);
      const middle = quantile(
        [...typical].sort((a, b) => a - b),
        0.5,
      );
      const factor = typical.map((value) => (predictionCorrected && value > 0 ? middle / value : 1));
      const limits = members.map((i) => (rows[i]!.censored ? rows[i]!.observed : Number.NEGATIVE_INFINITY));
      const observed = members.map((i, k) => rows[i]!.observed * factor[k]!).sort((a, b) => a - b);
      const replicates = simulated[0]!.length / places[0]!.count;
      const drawn = percentiles.map(() => new Float64Array(replicates));
      for (let r = 0; r < replicates; r++) {
        const values = members
          .map((i, k) => {
            const { subject, j, count } = places[i]!;
            return Math.max(simulated[subject]![r * count + j]!, limits[k]!) * factor[k]!;
          })
          .sort((a, b) => a - b);
        for (const [p, percentile] of percentiles.entries())
          drawn[p]![r] = quantile(values, percentile / 100);
      }
      return {
        output,
        from: times[0]!,
        to: times.at(-1)!,
        time: quantile(times, 0.5),
        observations: members.length,
        levels: percentiles.map((percentile, p) => {
          const sorted = drawn[p]!.filter(Number.isFinite).sort();
          return {
            percentile,
            observed: quantile(observed, percentile / 100),
            median: quantile(sorted, 0.5),
            low: quantile(sorted, 0.025),
            high: quantile(sorted, 0.975),
          };
        }),
      };
    });
  });
}

/** Places in bins of about equal size in order of time, equal times together. */
function binned(all: readonly number[], rows: readonly ResidualRow[], bins: number): number[][] {
  const sorted = [...all].sort((a, b) => rows[a]!.time - rows[b]!.time || a - b);
  const result: number[][] = [];
  for (const [k, i] of sorted.entries()) {
    const current = result.at(-1);
    const last = current === undefined ? null : rows[current.at(-1)!]!.time;
    const share = Math.min(bins - 1, Math.floor((k * bins) / sorted.length));
    if (current === undefined || (share >= result.length && rows[i]!.time !== last)) result.push([i]);
    else current.push(i);
  }
  return result;
}
