import { metricOf, type RankingOptions, SCHEMES, type Scheme } from "@viscera/evaluate";
import { displayName } from "@viscera/organ";
import { buildRankingReport, type ShownRanking } from "@viscera/report";
import { VERSION } from "../version.js";
import type { NamedRanking } from "./ranking-files.js";

export interface RankingPageOptions {
  scheme: Scheme;
  rules: Omit<RankingOptions, "smallerIsBetter">;
  seed: number;
  replicates: number;
}

/** What a ranking is called on the page. */
export function titleOfRanking({ task, metric }: Pick<NamedRanking, "task" | "metric">): string {
  return [task && displayName(task), metricOf(metric).label].filter((text) => text !== "").join(", ");
}

/** The rankings as one HTML page. */
export function rankingPage(
  rankings: readonly NamedRanking[],
  { scheme, rules, seed, replicates }: RankingPageOptions,
): Promise<string> {
  const { missing } = rules;
  return buildRankingReport({
    title: "Ranking of algorithms",
    scheme,
    facts: [
      [
        "Missing results",
        missing === "remove" ? "left out" : missing === "refuse" ? "none allowed" : `count as ${missing}`,
      ],
      ["Equal results share", rules.ties === "min" ? "the better rank" : "the worse rank"],
      ["Bootstrap", `${replicates} samples, seed ${seed}`],
    ],
    alpha: rules.alpha,
    adjust: rules.adjust,
    rankings: rankings.map(shownRanking),
    notes: [],
    generatedAt: new Date().toISOString(),
    version: VERSION,
  });
}

function shownRanking(named: NamedRanking): ShownRanking {
  const { ranking, metric } = named;
  const order = ranking.placings.map(({ algorithm }) => algorithm);
  const rowOf = (algorithm: string) => ranking.values[ranking.algorithms.indexOf(algorithm)]!;
  const sure = order.map(
    (algorithm) => ranking.stability.algorithms.find((one) => one.algorithm === algorithm)!,
  );
  const tested = order.map((algorithm) => ranking.tested.indexOf(algorithm));
  return {
    title: titleOfRanking(named),
    metric: { ...metricOf(metric), smallerIsBetter: ranking.options.smallerIsBetter },
    cases: ranking.cases,
    missing: ranking.missing,
    placings: ranking.placings,
    values: order.map(rowOf),
    shares: sure.map(({ shares }) => shares),
    intervals: sure.map(({ low, median, high }) => ({ low, median, high })),
    tau: ranking.stability.tau,
    p: tested.map((a) => tested.map((b) => (a < 0 || b < 0 ? Number.NaN : ranking.p[a]![b]!))),
    schemes: SCHEMES.map((name) => ({
      name,
      ranks: order.map(
        (algorithm) => ranking.rankings[name].find((one) => one.algorithm === algorithm)?.rank ?? null,
      ),
    })),
    agreement: ranking.tau,
  };
}
