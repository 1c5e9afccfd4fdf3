/** Rankings as a table and as JSON. */
import { SCHEMES, type TaskRanking } from "@viscera/evaluate";
import { VERSION } from "../version.js";
import { csvCell } from "./evaluation-files.js";

/** A task's ranking by one metric. */
export interface NamedRanking {
  task: string;
  metric: string;
  ranking: TaskRanking;
}

const cell = (value: number) => (Number.isNaN(value) ? "" : String(value));

/** One row for each algorithm under each scheme of each task and metric. */
export function rankingCsv(rankings: readonly NamedRanking[]): string {
  const header = "task,metric,scheme,algorithm,rank,value,rank_low,rank_high";
  const rows = rankings.flatMap(({ task, metric, ranking }) =>
    SCHEMES.flatMap((scheme) =>
      [...ranking.rankings[scheme]]
        .sort((a, b) => a.rank - b.rank)
        .map(({ algorithm, rank, value }) => {
          const sure =
            scheme === ranking.scheme
              ? ranking.stability.algorithms.find((one) => one.algorithm === algorithm)
              : undefined;
          return [
            csvCell(task),
            csvCell(metric),
            scheme,
            csvCell(algorithm),
            rank,
            cell(value),
            sure ? cell(sure.low) : "",
            sure ? cell(sure.high) : "",
          ].join(",");
        }),
    ),
  );
  return `${[header, ...rows].join("\n")}\n`;
}

/** ranking.json: rules, ranks under every scheme, their uncertainty, tests and the schemes' agreement. */
export function rankingJson(rankings: readonly NamedRanking[], seed: number, replicates: number): string {
  // JSON has no infinities: they are text; what is no number is null.
  const plain = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value)
      ? Number.isNaN(value)
        ? null
        : String(value)
      : value;
  return `${JSON.stringify(
    {
      schema: 1,
      version: VERSION,
      bootstrap: { seed, replicates },
      rankings: rankings.map(({ task, metric, ranking }) => ({
        task,
        metric,
        cases: ranking.cases.length,
        missing: ranking.missing,
        scheme: ranking.scheme,
        rules: ranking.options,
        placings: ranking.placings,
        stability: ranking.stability,
        rankings: ranking.rankings,
        tests: { rowBetterThanColumn: ranking.tested, p: ranking.p },
        agreement: { schemes: SCHEMES, kendallTau: ranking.tau },
      })),
    },
    plain,
    1,
  )}\n`;
}
