import { usageError } from "@viscera/core";
import {
  Bootstrap,
  type MissingRule,
  metricOf,
  RANKING_DEFAULTS,
  type RankingOptions,
  rankTask,
  SCHEMES,
  type Scheme,
  type TaskRanking,
  type TaskResult,
} from "@viscera/evaluate";
import type { Command } from "commander";
import { loadResults } from "../evaluate/load-results.js";
import { type NamedRanking, rankingCsv, rankingJson } from "../evaluate/ranking-files.js";
import { rankingPage } from "../evaluate/ranking-page.js";
import { countOf, listOf } from "../terminal/console.js";
import { type CommandContext, decimalNumber, wholeNumber } from "../terminal/context.js";
import { OutputFolder } from "./output-folder.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface RankOptions {
  out: string;
  scheme: string;
  metric?: string;
  task?: string;
  higher?: boolean;
  lower?: boolean;
  missing?: string;
  ties: string;
  alpha: string;
  adjust: string;
  bootstrap: string;
  force?: boolean;
}

/** `viscera rank`. */
export function addRank(program: Command, signal: AbortSignal): void {
  const command = program
    .command("rank <tables...>")
    .description("rank algorithms by their results on the same cases, with the ranking's uncertainty")
    .requiredOption("--out <dir>", "folder to fill: ranking.csv, ranking.json, ranking.html")
    .option("--scheme <name>", `how: ${SCHEMES.join(", ")}`, "mean-then-rank")
    .option("--metric <list>", "metrics to rank by (default: the only one, else dice)")
    .option("--task <list>", "tasks (structures) to rank (default: all, each by itself)")
    .option("--higher", "higher values are better (known metrics need not be told)")
    .option("--lower", "lower values are better")
    .option(
      "--missing <rule>",
      "missing results: remove, or the value that stands for them (default: refuse)",
    )
    .option("--ties <min|max>", "equal results share the better or the worse rank", "min")
    .option("--alpha <level>", "of test-then-rank's one-sided Wilcoxon tests", "0.05")
    .option("--adjust <holm|none>", "of its p values, over all pairs", "holm")
    .option("--bootstrap <n>", "samples of the cases for the ranks' uncertainty", "1000")
    .option("--force", "replace an earlier ranking in the folder");
  withExamples(withCommonOptions(command), [
    "viscera rank results.csv --higher --out ranking",
    "viscera rank unet=a/cases.csv resnet=b/cases.csv --metric dice,hausdorff_95 --scheme rank-then-mean --missing remove --out ranking",
  ]);
  bind<RankOptions>(command, signal, async (context, tables, options) => {
    const began = performance.now();
    const scheme = SCHEMES.find((name) => name === options.scheme);
    if (!scheme)
      throw usageError(`There is no scheme "${options.scheme}".`, `Give one of ${SCHEMES.join(", ")}.`);
    const rules = rulesFrom(options);
    const bootstrap = new Bootstrap(
      context.seed,
      wholeNumber(options.bootstrap, "--bootstrap", 1, 1_000_000),
    );
    const results = await loadResults(tables);
    const chosen = chooseResults(results, options);
    const folder = await OutputFolder.open(options.out, options.force === true, "an earlier ranking");
    const rankings: NamedRanking[] = [];
    for (const { task, metric, rows } of chosen) {
      const smallerIsBetter = isSmallerBetter(metric, options);
      const title = [task, metric].filter((text) => text !== "").join(", ");
      const ranking = await rankTask(
        rows,
        scheme,
        { ...rules, smallerIsBetter },
        bootstrap,
        context.job(title),
      );
      if (ranking.algorithms.length < 2)
        throw usageError(
          `There is only one algorithm (${ranking.algorithms[0]}), so there is nothing to rank.`,
        );
      rankings.push({ task, metric, ranking });
      warnOfReward(context, title, ranking);
    }
    await folder.fill(async (write) => {
      await write("ranking.csv", rankingCsv(rankings));
      await write("ranking.json", rankingJson(rankings, context.seed, bootstrap.replicates));
      const { replicates } = bootstrap;
      await write(
        "ranking.html",
        await rankingPage(rankings, { scheme, rules, seed: context.seed, replicates }),
      );
    });
    const { algorithms } = rankings[0]!.ranking;
    context.console.step(
      "Rank",
      `${countOf(algorithms.length, "algorithm")}, ${countOf(rankings.length, "ranking")}, ${scheme}`,
      (performance.now() - began) / 1000,
    );
    for (const ranking of rankings) print(context, ranking);
    context.console.text(`Ranks under all five schemes, tests and pictures: ${options.out}/ranking.html`);
    context.console.result({
      out: options.out,
      scheme,
      rankings: rankings.map(({ task, metric, ranking }) => ({ task, metric, placings: ranking.placings })),
    });
  });
}

/** A value for missing results that is better than all results rewards who gives none. */
function warnOfReward(
  { console }: CommandContext,
  title: string,
  { options, values, missing }: TaskRanking,
): void {
  const { missing: rule, smallerIsBetter } = options;
  if (missing === 0 || typeof rule !== "number") return;
  const given = values.flat().filter((value) => !Number.isNaN(value));
  if (given.every((value) => (smallerIsBetter ? rule < value : rule > value)))
    console.warning(
      `${title}: missing results count as ${rule}, which is better than every result that was given.`,
    );
}

function rulesFrom(options: RankOptions): Omit<RankingOptions, "smallerIsBetter"> {
  const { ties, adjust, missing } = options;
  if (ties !== "min" && ties !== "max") throw usageError(`--ties takes min or max, not "${ties}".`);
  if (adjust !== "holm" && adjust !== "none")
    throw usageError(`--adjust takes holm or none, not "${adjust}".`);
  if (options.higher && options.lower) throw usageError("--higher and --lower contradict each other.");
  const rule: MissingRule =
    missing === undefined
      ? RANKING_DEFAULTS.missing
      : missing === "remove" || missing === "refuse"
        ? missing
        : decimalNumber(missing, "--missing (beside remove)", -Number.MAX_VALUE, Number.MAX_VALUE);
  return { ties, adjust, missing: rule, alpha: decimalNumber(options.alpha, "--alpha", 0, 1) };
}

function isSmallerBetter(metric: string, { higher, lower }: RankOptions): boolean {
  if (higher) return false;
  if (lower) return true;
  const { better } = metricOf(metric);
  if (better === null)
    throw usageError(
      `It is not known whether higher or lower values of "${metric}" are better.`,
      "Say it with --higher or --lower.",
    );
  return better === "lower";
}

interface Chosen {
  task: string;
  metric: string;
  rows: TaskResult[];
}

/** Results by task and metric, as far as they were asked for. Throws `usage` for names that the tables lack. */
function chooseResults(results: readonly TaskResult[], options: RankOptions): Chosen[] {
  const tasks = chooseNames([...new Set(results.map(({ task }) => task))], options.task, "--task", null);
  const metrics = chooseNames(
    [...new Set(results.map(({ metric }) => metric))],
    options.metric,
    "--metric",
    "dice",
  );
  return tasks.flatMap((task) =>
    metrics.flatMap((metric) => {
      const rows = results.filter((row) => row.task === task && row.metric === metric);
      return rows.some(({ value }) => value !== null) ? [{ task, metric, rows }] : [];
    }),
  );
}

/** Names asked for; else all, or the preferred one where one is to be chosen. */
function chooseNames(
  known: readonly string[],
  asked: string | undefined,
  option: string,
  preferred: string | null,
): string[] {
  if (asked !== undefined) {
    const names = asked.split(",").map((name) => name.trim());
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw usageError(
        `${option} names "${unknown}", which the table does not have.`,
        `It has ${listOf(known)}.`,
      );
    return names;
  }
  if (preferred === null || known.length === 1) return [...known];
  if (known.includes(preferred)) return [preferred];
  throw usageError("The table has several metrics.", `Choose with --metric: ${listOf(known)}.`);
}

/** What an algorithm's place rests on. */
const VALUE_OF: Record<Scheme, string> = {
  "mean-then-rank": "Mean",
  "median-then-rank": "Median",
  "rank-then-mean": "Mean rank",
  "rank-then-median": "Median rank",
  "test-then-rank": "Share beaten",
};

const shown = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "-");

function print({ console }: CommandContext, { task, metric, ranking }: NamedRanking): void {
  const { placings, stability, cases, missing, scheme } = ranking;
  const title = [task, metric].filter((text) => text !== "").join(", ");
  console.text(
    `\n${title}: ${countOf(cases.length, "case")}${missing > 0 ? `, ${countOf(missing, "missing result")}` : ""}`,
  );
  console.table(
    ["Rank", "Algorithm", VALUE_OF[scheme], "95 % of ranks"],
    placings.map(({ rank, algorithm, value }) => {
      const sure = stability.algorithms.find((one) => one.algorithm === algorithm)!;
      return [String(rank), algorithm, shown(value), `${shown(sure.low)} to ${shown(sure.high)}`];
    }),
  );
}
