import { existsSync } from "node:fs";
import { inputError, usageError } from "@viscera/core";
import { CONVENTIONS, DEFAULT_CONVENTION, metricOf, type Summary } from "@viscera/evaluate";
import type { Command } from "commander";
import { evaluateCases } from "../evaluate/evaluate-cases.js";
import { type Evaluation, gatherEvaluation } from "../evaluate/evaluation.js";
import { casesCsv, evaluationJson } from "../evaluate/evaluation-files.js";
import { evaluationPage } from "../evaluate/evaluation-page.js";
import { type EvaluationFlags, settingsFrom } from "../evaluate/evaluation-settings.js";
import { pairFiles } from "../evaluate/pair-files.js";
import { findNames } from "../evaluate/structure-names.js";
import { countOf, listOf } from "../terminal/console.js";
import { type CommandContext, wholeNumber } from "../terminal/context.js";
import { OutputFolder } from "./output-folder.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface EvaluateOptions extends EvaluationFlags {
  truth: string;
  prediction: string;
  out: string;
  labelNames?: string;
  region: string[];
  report?: boolean;
  scans?: string;
  worst: string;
  force?: boolean;
}

/** `viscera evaluate`. */
export function addEvaluate(program: Command, signal: AbortSignal): void {
  const command = program
    .command("evaluate")
    .description("compare predicted labels with true ones: metrics of every structure in every case")
    .requiredOption(
      "--truth <dir>",
      "folder of true label images (NIfTI, NRRD, MetaImage, TIFF), or one image",
    )
    .requiredOption("--prediction <dir>", "folder of predicted ones with the same names, or one image")
    .requiredOption("--out <dir>", "folder to fill: cases.csv, results.json, report.html")
    .option("--convention <name>", `whose definitions: ${CONVENTIONS.join(", ")}`, DEFAULT_CONVENTION)
    .option("--labels <list>", "structures to measure, names or numbers, or none (default: all that occur)")
    .option(
      "--region <name=1+2>",
      "a structure made of several labels; may be given several times",
      collect,
      [],
    )
    .option("--label-names <file>", "table of names (default: labels.json or dataset.json of the truth)")
    .option("--tolerance <list>", "of surface Dice in mm: 2, or liver=3,aorta=1 (default: 2)")
    .option("--percentile <list>", "further Hausdorff distances than the largest (default: 95)")
    .option("--boundary <voxels>", "width of boundary IoU, metrics-reloaded (default: 2)")
    .option("--tubular <list>", "structures that also get clDice, or all")
    .option("--lesions <list>", "structures whose pieces are also counted as lesions (IoU > 0.5), or all")
    .option("--dilation <n>", "steps that join lesions, brats-lesionwise (default: 3)")
    .option("--lesion-volume <mm3>", "lesions up to this do not count, brats-lesionwise (default: 50)")
    .option("--report", "also report.html: distributions, volumes, the worst cases with slices and surfaces")
    .option("--scans <dir>", "scans of the cases, shown under the outlines of the report")
    .option("--worst <n>", "worst cases in the report", "6")
    .option("--force", "replace an earlier evaluation in the folder");
  withExamples(withCommonOptions(command), [
    "viscera evaluate --truth labelsTs --prediction predictions --report --scans imagesTs --out scores",
    "viscera evaluate --truth labelsTs --prediction predictions --convention brats-lesionwise --labels none --region whole=1+2+3 --region core=1+3 --out scores",
    "viscera evaluate --truth labelsTs --prediction predictions --convention deepmind --tolerance 2,aorta=1 --tubular aorta --out scores",
  ]);
  bind<EvaluateOptions>(command, signal, async (context, _, options) => {
    const began = performance.now();
    const { pairs, extra } = await pairFiles(options.truth, options.prediction);
    const known = await findNames(options.labelNames, pairs[0]!.truth, { signal });
    const names = known.withRegions(options.region);
    const settings = settingsFrom(options, names);
    const worst = wholeNumber(options.worst, "--worst", 0, 100);
    if (options.scans !== undefined && !options.report)
      throw usageError("--scans is for the report.", "Add --report.");
    if (options.scans !== undefined && !existsSync(options.scans))
      throw usageError(`There is no folder "${options.scans}".`, "Check --scans.");
    const folder = await OutputFolder.open(options.out, options.force === true, "an earlier evaluation");
    if (extra.length > 0)
      context.console.warning(`${countOf(extra.length, "prediction")} without a truth: ${listOf(extra)}.`);
    const outcomes = await evaluateCases(pairs, settings, context.job("Evaluate"));
    const evaluation = await gatherEvaluation(outcomes, settings, names, context.seed, { signal });
    for (const { name, message } of evaluation.failed) context.console.warning(`${name}: ${message}`);
    if (evaluation.cases.length === 0)
      throw inputError(
        "no-case",
        `None of the ${countOf(pairs.length, "case")} could be evaluated: ${evaluation.failed[0]!.message}`,
        evaluation.failed[0]!.hint,
      );
    await folder.fill(async (write) => {
      await write("cases.csv", casesCsv(evaluation));
      await write("results.json", evaluationJson(evaluation));
      if (options.report)
        await write(
          "report.html",
          await evaluationPage(evaluation, pairs, { scans: options.scans, worst }, context.job("Report")),
        );
    });
    print(context, evaluation, options.out, (performance.now() - began) / 1000);
    if (evaluation.failed.length > 0) process.exitCode = 3;
  });
}

/** Metrics that a person looks at first, as far as the convention has them. */
const FIRST = [
  "lesion_dice",
  "dice",
  "surface_dice",
  "lesion_hausdorff_95",
  "hausdorff_95",
  "assd",
  "lesion_f1",
];

function print(context: CommandContext, evaluation: Evaluation, out: string, seconds: number): void {
  const { cases, failed, structures, summaries, settings } = evaluation;
  const { console } = context;
  console.step(
    "Evaluate",
    `${countOf(cases.length, "case")}, ${countOf(structures.length, "structure")}, convention ${settings.options.convention}`,
    seconds,
  );
  const shown = FIRST.filter((name) => evaluation.metrics.includes(name));
  const heading = (name: string) => {
    const { label, unit } = metricOf(name);
    return unit === "1" ? label : `${label}, ${unit}`;
  };
  console.table(
    ["Structure", ...shown.map(heading), "No value"],
    structures.map(({ name }, s) => {
      const own = shown.flatMap((metric) => summaries[s]![metric] ?? []);
      const without = Math.max(0, ...own.map(({ missing, infinite }) => missing + infinite));
      return [
        name,
        ...shown.map((metric) => meanAndSd(summaries[s]![metric])),
        without === 0 ? "" : `${without} of ${cases.length}`,
      ];
    }),
  );
  console.text(`Mean ± standard deviation over the cases with a value. All metrics: ${out}/cases.csv`);

  if (failed.length > 0)
    console.text(
      `${countOf(failed.length, "case")} could not be evaluated: ${listOf(failed.map(({ name }) => name))}.`,
    );
  console.result({
    out,
    convention: settings.options.convention,
    cases: cases.length,
    structures: structures.map(({ id, name }, s) => ({
      id,
      name,
      means: Object.fromEntries(
        Object.entries(summaries[s]!).map(([metric, { mean }]) => [
          metric,
          Number.isFinite(mean) ? mean : null,
        ]),
      ),
    })),
    failed,
  });
}

function meanAndSd(summary: Summary | undefined): string {
  if (!summary || summary.count === 0) return "-";
  const digits = (value: number) => (Math.abs(value) < 10 ? value.toFixed(3) : value.toFixed(1));
  return Number.isNaN(summary.sd) ? digits(summary.mean) : `${digits(summary.mean)} ± ${digits(summary.sd)}`;
}

const collect = (value: string, before: string[]): string[] => [...before, value];
