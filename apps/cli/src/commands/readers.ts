import { basename, dirname, join } from "node:path";
import { usageError } from "@viscera/core";
import { type QuestionScore, readAnswers, readStudy, type StudyScore, scoreStudy } from "@viscera/evaluate";
import { buildReaderStudy, type StudyCase } from "@viscera/report";
import { reorient } from "@viscera/scan";
import { readScan, writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { readText } from "../steps/read-text.js";
import { countOf } from "../terminal/console.js";
import type { CommandContext } from "../terminal/context.js";
import { VERSION } from "../version.js";
import { checkOutputFile } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface PageOptions {
  out: string;
  arm?: string;
  force?: boolean;
}

interface ScoreOptions {
  out: string;
  force?: boolean;
}

/** `viscera readers page` and `viscera readers score`. */
export function addReaders(program: Command, signal: AbortSignal): void {
  const readers = program
    .command("readers")
    .description("reader studies: a page to answer on, and what the answers say");
  addPage(readers, signal);
  addScore(readers, signal);
}

function addPage(readers: Command, signal: AbortSignal): void {
  const command = readers
    .command("page <study>")
    .description("a page on which readers look at the cases of a study (JSON) and save their answers")
    .requiredOption("--out <file>", "page to write (HTML); it holds the images")
    .option("--arm <name>", "which of the study's arms the page is for")
    .option("--force", "replace the page");
  withExamples(withCommonOptions(command), [
    "viscera readers page study.json --out study.html",
    "viscera readers page study.json --arm aided --out study-aided.html",
  ]);
  bind<PageOptions>(command, signal, async (context, [path = ""], options) => {
    await checkOutputFile(options.out, options.force === true);
    const began = performance.now();
    const study = readStudy(await readText(path, "the study"), basename(path));
    const arm = armOf(study.arms, options.arm);
    const cases: StudyCase[] = [];
    for (const [done, { id, image }] of study.cases.entries()) {
      context.console.progress("Study", { stage: "images", done, total: study.cases.length });
      const { volume, warnings } = await readScan(join(dirname(path), image), { signal });
      for (const warning of warnings) context.console.warning(`${id}: ${warning}`);
      cases.push({ id, scan: reorient(volume, "RAS") });
    }
    const { title, instructions, questions } = study;
    const page = await buildReaderStudy({ title, instructions, questions, arm, cases, version: VERSION });
    await writeWhole(options.out, new TextEncoder().encode(page));
    context.console.step(
      "Study",
      `${countOf(cases.length, "case")}, ${countOf(questions.length, "question")}`,
      (performance.now() - began) / 1000,
    );
    context.console.result({
      out: options.out,
      title,
      arm,
      cases: cases.length,
      questions: questions.length,
    });
  });
}

function armOf(arms: readonly string[], asked: string | undefined): string | null {
  if (asked === undefined && arms.length === 0) return null;
  if (asked !== undefined && arms.includes(asked)) return asked;
  throw usageError(
    asked === undefined
      ? "The study has arms, and each needs a page of its own."
      : `The study has no arm "${asked}".`,
    arms.length > 0 ? `Give --arm ${arms.join(" or --arm ")}.` : "Leave --arm out.",
  );
}

function addScore(readers: Command, signal: AbortSignal): void {
  const command = readers
    .command("score <study> <answers...>")
    .description("agreement of readers (kappa, ICC), their ROC curves, and the comparison of two arms")
    .requiredOption("--out <file>", "result to write (JSON)")
    .option("--force", "replace the result");
  withExamples(withCommonOptions(command), [
    "viscera readers score study.json answers-*.json --out agreement.json",
  ]);
  bind<ScoreOptions>(command, signal, async (context, [path = "", ...files], options) => {
    await checkOutputFile(options.out, options.force === true);
    const study = readStudy(await readText(path, "the study"), basename(path));
    const answers = await Promise.all(
      files.map(async (file) => readAnswers(await readText(file, "the answers"), basename(file), study)),
    );
    const score = scoreStudy(study, answers);
    // JSON has no NaN: a value that does not exist is null.
    const plain = (_: string, value: unknown) =>
      typeof value === "number" && !Number.isFinite(value) ? null : value;
    const text = JSON.stringify({ schema: 1, version: VERSION, study: study.title, ...score }, plain, 1);
    await writeWhole(options.out, new TextEncoder().encode(`${text}\n`));
    print(context, score);
    context.console.result({
      out: options.out,
      readers: new Set(answers.map(({ reader }) => reader)).size,
      ...score,
    });
  });
}

const shown = (value: number | null | undefined) =>
  value === null || value === undefined || Number.isNaN(value) ? "-" : value.toFixed(3);

function print({ console }: CommandContext, { questions, comparisons }: StudyScore): void {
  const mean = ({ areas }: QuestionScore) =>
    areas && areas.reduce((sum, { area }) => sum + area, 0) / areas.length;
  console.table(
    ["Question", "Arm", "Readers", "Cases", "Fleiss kappa", "ICC(2,1)", "Mean AUC"],
    questions.map((one) => [
      one.question,
      one.arm ?? "",
      String(one.readers.length),
      String(one.cases.length),
      shown(one.fleiss),
      shown(one.correlation?.agreement),
      shown(mean(one)),
    ]),
  );
  for (const { question, arms, readers, result } of comparisons)
    console.text(
      `${question}: AUC ${shown(result.means[0])} ${arms[0]}, ${shown(result.means[1])} ${arms[1]}; difference ${shown(result.difference)} (95 % ${shown(result.low)} to ${shown(result.high)}), p ${shown(result.p)}, ${countOf(readers.length, "reader")}`,
    );
}
