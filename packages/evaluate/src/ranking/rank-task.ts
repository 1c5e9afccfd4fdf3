import type { JobOptions } from "@viscera/core";
import type { Bootstrap } from "../statistics/summary.js";
import { bootstrapRanks, type RankingStability, tauBetween } from "./bootstrap-ranks.js";
import { missingIn, type ResultRow, resultTable, withoutMissing } from "./result-table.js";
import {
  type Placing,
  pairwiseTests,
  type RankingOptions,
  rankAlgorithms,
  SCHEMES,
  type Scheme,
} from "./schemes.js";

/** The algorithms of one task, ranked by every scheme, and how sure the chosen one's ranking is. */
export interface TaskRanking {
  cases: string[];
  algorithms: string[];
  /** Results by algorithm and case; NaN where missing. */
  values: number[][];
  missing: number;
  scheme: Scheme;
  options: RankingOptions;
  /** Of the chosen scheme, best first. */
  placings: Placing[];
  stability: RankingStability;
  rankings: Record<Scheme, Placing[]>;
  /** P values that the row's algorithm is better than the column's, in the order of `tested`. */
  tested: string[];
  p: number[][];
  /** Kendall's tau between the rankings of the schemes, in the order of SCHEMES. */
  tau: number[][];
}

/** Ranks the algorithms of one task by one metric. Throws `usage` where results are missing and refused. */
export async function rankTask(
  rows: readonly ResultRow[],
  scheme: Scheme,
  options: RankingOptions,
  bootstrap: Bootstrap,
  job: JobOptions = {},
): Promise<TaskRanking> {
  const table = resultTable(rows);
  const complete = withoutMissing(table, options.missing);
  const rankings = Object.fromEntries(
    SCHEMES.map((name) => [name, rankAlgorithms(table, name, options)]),
  ) as Record<Scheme, Placing[]>;
  return {
    ...table,
    missing: missingIn(table),
    scheme,
    options,
    placings: [...rankings[scheme]].sort((a, b) => a.rank - b.rank),
    stability: await bootstrapRanks(table, scheme, options, bootstrap, job),
    rankings,
    tested: complete.algorithms,
    p: pairwiseTests(complete, options),
    tau: SCHEMES.map((a) => SCHEMES.map((b) => tauBetween(rankings[a], rankings[b]))),
  };
}
