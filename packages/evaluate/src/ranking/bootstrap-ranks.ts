import { type JobOptions, throwIfCancelled } from "@viscera/core";
import { percentileOf } from "../statistics/percentile.js";
import type { Bootstrap } from "../statistics/summary.js";
import { kendallTau } from "./kendall.js";
import type { ResultTable } from "./result-table.js";
import { type Placing, type RankingOptions, rankAlgorithms, type Scheme } from "./schemes.js";

/** How sure a ranking is: the ranks that it gives on cases drawn with replacement. */
export interface RankUncertainty {
  algorithm: string;
  /** Share of the samples in which it got rank 1, 2, ...; sums to less than 1 where it had no result in some. */
  shares: number[];
  /** 95 % interval and median of its ranks. */
  low: number;
  median: number;
  high: number;
}

export interface RankingStability {
  algorithms: RankUncertainty[];
  /** Kendall's tau between the samples' rankings and the whole's; NaN where the whole ties all. */
  tau: { mean: number; low: number; high: number };
}

/** Ranks of all bootstrap samples of the cases. The result depends on the bootstrap's seed alone. */
export async function bootstrapRanks(
  table: ResultTable,
  scheme: Scheme,
  options: RankingOptions,
  bootstrap: Bootstrap,
  job: JobOptions = {},
): Promise<RankingStability> {
  const whole = rankAlgorithms(table, scheme, options);
  const names = whole.map(({ algorithm }) => algorithm);
  const ranks = new Map(names.map((name) => [name, [] as number[]]));
  const taus: number[] = [];
  const count = table.cases.length;
  const draws = bootstrap.draws(count);
  for (let r = 0; r < bootstrap.replicates; r++) {
    if (r % 50 === 0) {
      throwIfCancelled(job.signal);
      job.onProgress?.({ stage: scheme, done: r, total: bootstrap.replicates });
      // A signal is heard only between two turns of the event loop.
      if (job.signal) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const drawn = draws.subarray(r * count, (r + 1) * count);
    const sample: ResultTable = {
      algorithms: table.algorithms,
      cases: table.cases,
      values: table.values.map((row) => Array.from(drawn, (c) => row[c]!)),
    };
    const placings = rankAlgorithms(sample, scheme, options);
    for (const { algorithm, rank } of placings) ranks.get(algorithm)?.push(rank);
    taus.push(tauBetween(whole, placings));
  }
  const algorithms = names.map((algorithm) => {
    const own = Float64Array.from(ranks.get(algorithm)!).sort();
    return {
      algorithm,
      shares: names.map((_, n) => own.filter((rank) => rank === n + 1).length / bootstrap.replicates),
      low: percentileOf(own, 2.5),
      median: percentileOf(own, 50),
      high: percentileOf(own, 97.5),
    };
  });
  const known = Float64Array.from(taus.filter((tau) => !Number.isNaN(tau))).sort();
  return {
    algorithms,
    tau: {
      mean: known.reduce((a, b) => a + b, 0) / known.length,
      low: percentileOf(known, 2.5),
      high: percentileOf(known, 97.5),
    },
  };
}

/** Kendall's tau between two rankings, over the algorithms in both. */
export function tauBetween(a: readonly Placing[], b: readonly Placing[]): number {
  const rankIn = new Map(b.map(({ algorithm, rank }) => [algorithm, rank]));
  const both = a.filter(({ algorithm }) => rankIn.has(algorithm));
  return kendallTau(
    both.map(({ rank }) => rank),
    both.map(({ algorithm }) => rankIn.get(algorithm)!),
  );
}
