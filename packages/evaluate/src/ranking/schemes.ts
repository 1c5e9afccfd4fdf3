import { exactSum } from "../statistics/exact-sum.js";
import { percentileOf } from "../statistics/percentile.js";
import { ranksOf, type Ties } from "./ranks.js";
import { type MissingRule, type ResultTable, withoutMissing } from "./result-table.js";
import { holmAdjusted, wilcoxonGreater } from "./wilcoxon.js";

export const SCHEMES = [
  "mean-then-rank",
  "median-then-rank",
  "rank-then-mean",
  "rank-then-median",
  "test-then-rank",
] as const;

export type Scheme = (typeof SCHEMES)[number];

export interface RankingOptions {
  smallerIsBetter: boolean;
  ties: Ties;
  missing: MissingRule;
  /** Level of the tests of test-then-rank. */
  alpha: number;
  adjust: "holm" | "none";
}

export const RANKING_DEFAULTS: Omit<RankingOptions, "smallerIsBetter"> = {
  ties: "min",
  missing: "refuse",
  alpha: 0.05,
  adjust: "holm",
};

/** Place of an algorithm, and what it was ranked by. */
export interface Placing {
  algorithm: string;
  /** Mean or median of results or of ranks, or the share of the others that are significantly worse. */
  value: number;
  rank: number;
}

/**
 * Ranks the algorithms of one task.
 *
 * mean- and median-then-rank: by the mean or median over the cases. rank-then-mean, -median: ranks within each case,
 * where a missing result is the worst, then by their mean or median. test-then-rank: by the share of the other
 * algorithms that are worse in a one-sided Wilcoxon test. Algorithms without any result are left out under
 * `missing: "remove"`. Throws `usage` where results are missing and refused.
 */
export function rankAlgorithms(table: ResultTable, scheme: Scheme, options: RankingOptions): Placing[] {
  const { smallerIsBetter, ties } = options;
  if (scheme === "rank-then-mean" || scheme === "rank-then-median") {
    const value = averageOf(scheme);
    const within = table.cases.map((_, c) =>
      ranksOf(
        table.values.map((row) => row[c]!),
        smallerIsBetter,
        ties,
      ),
    );
    return placed(
      table.algorithms,
      table.algorithms.map((_, a) => value(within.map((ranks) => ranks[a]!))),
      true,
      ties,
    );
  }
  const complete = withoutMissing(table, options.missing);
  if (scheme === "test-then-rank") {
    const p = pairwiseTests(complete, options);
    const others = complete.algorithms.length - 1;
    const shares = p.map((row) =>
      others === 0 ? 0 : row.filter((value) => value <= options.alpha).length / others,
    );
    return placed(complete.algorithms, shares, false, ties);
  }
  const value = averageOf(scheme);
  return placed(
    complete.algorithms,
    complete.values.map((row) => value(row.filter((result) => !Number.isNaN(result)))),
    smallerIsBetter,
    ties,
  );
}

function placed(
  algorithms: readonly string[],
  values: readonly number[],
  smallerIsBetter: boolean,
  ties: Ties,
): Placing[] {
  const ranks = ranksOf(values, smallerIsBetter, ties);
  return algorithms.map((algorithm, a) => ({ algorithm, value: values[a]!, rank: ranks[a]! }));
}

function averageOf(scheme: Scheme): (values: readonly number[]) => number {
  return scheme.includes("median")
    ? (values) => percentileOf(Float64Array.from(values).sort(), 50)
    : (values) => exactSum(values) / values.length;
}

/**
 * P values that the row's algorithm is better than the column's, by one-sided paired Wilcoxon tests, adjusted over all
 * ordered pairs where `adjust` says so; NaN on the diagonal and where all results are equal.
 */
export function pairwiseTests(
  { algorithms, values }: ResultTable,
  { smallerIsBetter, adjust }: Pick<RankingOptions, "smallerIsBetter" | "adjust">,
): number[][] {
  const raw = algorithms.map((_, a) =>
    algorithms.map((_, b) => {
      if (a === b) return Number.NaN;
      return smallerIsBetter
        ? wilcoxonGreater(values[b]!, values[a]!)
        : wilcoxonGreater(values[a]!, values[b]!);
    }),
  );
  if (adjust === "none") return raw;
  const flat = holmAdjusted(raw.flat());
  return raw.map((row, a) => row.map((_, b) => flat[a * algorithms.length + b]!));
}
