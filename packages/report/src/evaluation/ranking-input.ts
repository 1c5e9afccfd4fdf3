/** An algorithm's place under a scheme. */
export interface ShownPlacing {
  algorithm: string;
  value: number;
  rank: number;
}

/** The ranking of one task by one metric; see `TaskRanking` of evaluate. */
export interface ShownRanking {
  title: string;
  metric: { label: string; unit: string; smallerIsBetter: boolean };
  cases: readonly string[];
  missing: number;
  /** In the order of their places; everything by algorithm is in this order. */
  placings: readonly ShownPlacing[];
  /** Results by algorithm and case; NaN where missing. */
  values: readonly (readonly number[])[];
  /** By algorithm: share of bootstrap samples with rank 1, 2, ..., and their 95 % interval. */
  shares: readonly (readonly number[])[];
  intervals: readonly { low: number; median: number; high: number }[];
  tau: { mean: number; low: number; high: number };
  /** P values that the row's algorithm is better than the column's, by algorithm; NaN where there is none. */
  p: readonly (readonly number[])[];
  /** Ranks under every scheme, by scheme and algorithm; null where it has none there. */
  schemes: readonly { name: string; ranks: readonly (number | null)[] }[];
  /** Kendall's tau between the schemes. */
  agreement: readonly (readonly number[])[];
}

export interface RankingReportInput {
  title: string;
  scheme: string;
  facts: readonly (readonly [string, string])[];
  alpha: number;
  adjust: "holm" | "none";
  rankings: readonly ShownRanking[];
  notes: readonly string[];
  /** ISO 8601. */
  generatedAt: string;
  version: string;
}
