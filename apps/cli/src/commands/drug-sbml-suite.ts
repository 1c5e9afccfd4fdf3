import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inputError, type JobOptions, throwIfCancelled } from "@viscera/core";
import {
  compareStochasticResults,
  compareSuiteResults,
  isStochastic,
  readSbml,
  readSettings,
  readSuiteResults,
  runSuiteCase,
  type SuiteResults,
  type SuiteSettings,
  suiteReplicates,
  suiteStatistics,
  writeSuiteResults,
} from "@viscera/drug";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { makeFolder } from "../case/make-folder.js";
import { loadSbml } from "../steps/load-sbml.js";
import { countOf } from "../terminal/console.js";
import { runReplicates } from "./drug-sbml-replicates.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface SuiteOptions {
  out: string;
  failures?: boolean;
}

interface CaseOutcome {
  id: string;
  tags: string[];
  /** Null where there is nothing to compare with. */
  passed: boolean | null;
  problem: string | null;
}

export function addSbmlSuite(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("sbml-suite <folder>")
    .description("every case of a folder in the SBML Test Suite's layout, and how many agree")
    .requiredOption("--out <folder>", "folder for the results, one NNNNN.csv a case")
    .option("--failures", "list the cases that do not agree, with the first difference");
  withExamples(withCommonOptions(command), ["viscera drug sbml-suite cases/semantic --out results"]);
  bind<SuiteOptions>(command, signal, async (context, [folder = ""], options) => {
    const ids = casesIn(folder);
    const tags = suiteTags(folder);
    await makeFolder(options.out);
    const began = performance.now();
    const outcomes: CaseOutcome[] = [];
    const job = context.job("Cases");
    for (const [done, id] of ids.entries()) {
      throwIfCancelled(signal);
      job.onProgress?.({ stage: id, done, total: ids.length });
      const own = tags.get(id) ?? modelTags(join(folder, id, `${id}-model.m`));
      outcomes.push(await runCase({ folder, id, out: options.out, seed: context.seed, job }, own));
    }
    const seconds = (performance.now() - began) / 1000;
    const compared = outcomes.filter(({ passed }) => passed !== null);
    const passed = outcomes.filter((outcome) => outcome.passed === true);
    context.console.step("Cases", `${passed.length} of ${countOf(outcomes.length, "case")} agree`, seconds);
    const byTag = tagTable(outcomes);
    context.console.table(
      ["Tag", "Agree", "Cases"],
      byTag.map(({ tag, passed: agree, cases }) => [tag, String(agree), String(cases)]),
    );
    const failed = outcomes.filter((outcome) => outcome.passed !== true);
    if (options.failures) {
      context.console.table(
        ["Case", "Problem"],
        failed.map(({ id, problem }) => [id, problem ?? "nothing to compare with"]),
      );
    } else if (failed.length > 0) {
      context.console.note(`--failures lists the ${failed.length} others with their first difference.`);
    }
    context.console.result({
      out: options.out,
      cases: outcomes.length,
      compared: compared.length,
      passed: passed.length,
      seconds,
      byTag,
      failed,
    });
  });
}

/** Throws `input.sbml-suite` when a folder holds no case. */
function casesIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const ids = names.filter((name) => existsSync(join(folder, name, `${name}-settings.txt`))).sort();
  if (ids.length > 0) return ids;
  throw inputError(
    "sbml-suite",
    `${folder} holds no case of the SBML Test Suite.`,
    "It should hold folders such as 00001 with 00001-sbml-l3v2.xml and 00001-settings.txt.",
  );
}

/** Tags from a TAGS.json beside the cases, where there is one. */
function suiteTags(folder: string): Map<string, string[]> {
  const path = join(folder, "TAGS.json");
  if (!existsSync(path)) return new Map();
  const entries = JSON.parse(readFileSync(path, "utf8")) as { id: string; ct?: string[]; tt?: string[] }[];
  return new Map(entries.map(({ id, ct = [], tt = [] }) => [id, [...ct, ...tt]]));
}

/** Tags from a case's description, as the suite is distributed. */
function modelTags(path: string): string[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(/^\s*(?:component|test)Tags:\s*(.*)$/gm)].flatMap((match) =>
    match[1]!
      .split(",")
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ""),
  );
}

/** The document of the highest level and version of a case. */
function documentOf(folder: string, id: string): string {
  const documents = readdirSync(join(folder, id))
    .filter((name) => name.startsWith(`${id}-sbml-l`) && name.endsWith(".xml"))
    .sort();
  const last = documents.at(-1);
  if (last === undefined) throw inputError("sbml-suite", `The case ${id} has no ${id}-sbml-*.xml.`);
  return join(folder, id, last);
}

interface Case {
  folder: string;
  id: string;
  out: string;
  seed: number;
  job: JobOptions;
}

async function runCase(place: Case, tags: string[]): Promise<CaseOutcome> {
  const { folder, id, out, job } = place;
  try {
    const settings = readSettings(readFileSync(join(folder, id, `${id}-settings.txt`), "utf8"));
    const resultsPath = join(folder, id, `${id}-results.csv`);
    const expected = existsSync(resultsPath) ? readSuiteResults(readFileSync(resultsPath, "utf8")) : null;
    const run = isStochastic(settings) ? runStochastic : runTimeCourse;
    const { found, problem } = await run(place, settings, expected);
    await writeWhole(join(out, `${id}.csv`), new TextEncoder().encode(writeSuiteResults(found)));
    return { id, tags, passed: expected ? problem === null : null, problem };
  } catch (error) {
    throwIfCancelled(job.signal);
    return { id, tags, passed: false, problem: (error as Error).message };
  }
}

interface Finding {
  found: SuiteResults;
  problem: string | null;
}

async function runTimeCourse(
  { folder, id, seed, job }: Case,
  settings: SuiteSettings,
  expected: SuiteResults | null,
): Promise<Finding> {
  // The first column of a time course is the time; a variable may have that name too.
  const columns = expected?.columns.slice(/^time$/i.test(expected.columns[0] ?? "") ? 1 : 0);
  const { text, options } = loadSbml(documentOf(folder, id));
  const found = await runSuiteCase(text, settings, {
    ...options,
    ...(columns ? { columns } : {}),
    seed,
    ...(job.signal ? { signal: job.signal } : {}),
  });
  return { found, problem: expected && compareSuiteResults(found, expected, settings) };
}

async function runStochastic(
  { folder, id, seed, job }: Case,
  settings: SuiteSettings,
  expected: SuiteResults | null,
): Promise<Finding> {
  const { text, options } = loadSbml(documentOf(folder, id));
  const model = readSbml(text, options);
  const moments = await runReplicates({ model, options: { ...suiteReplicates(settings), seed } }, job);
  const found = suiteStatistics(settings, moments);
  return { found, problem: expected && compareStochasticResults(found, expected, settings, moments) };
}

function tagTable(outcomes: readonly CaseOutcome[]): { tag: string; passed: number; cases: number }[] {
  const rows = new Map<string, { passed: number; cases: number }>();
  for (const { tags, passed } of outcomes) {
    for (const tag of tags) {
      const row = rows.get(tag) ?? { passed: 0, cases: 0 };
      row.cases++;
      if (passed) row.passed++;
      rows.set(tag, row);
    }
  }
  return [...rows]
    .map(([tag, row]) => ({ tag, ...row }))
    .sort((a, b) => b.cases - a.cases || (a.tag < b.tag ? -1 : 1));
}
