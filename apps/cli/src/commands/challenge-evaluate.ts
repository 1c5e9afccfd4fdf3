import { join } from "node:path";
import { inputError } from "@viscera/core";
import {
  type ChallengeJob,
  CONVENTIONS,
  DEFAULT_CONVENTION,
  imageSocket,
  readChallengeJobs,
} from "@viscera/evaluate";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { makeFolder } from "../case/make-folder.js";
import { challengeMetrics } from "../challenge/challenge-metrics.js";
import { imageStem, imagesBelow, onlyImage } from "../challenge/socket-files.js";
import { evaluateCases } from "../evaluate/evaluate-cases.js";
import { gatherEvaluation } from "../evaluate/evaluation.js";
import { type EvaluationFlags, settingsFrom } from "../evaluate/evaluation-settings.js";
import type { FilePair } from "../evaluate/pair-files.js";
import { findNames } from "../evaluate/structure-names.js";
import { readText } from "../steps/read-text.js";
import { countOf } from "../terminal/console.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface EvaluateOptions extends EvaluationFlags {
  input: string;
  output: string;
  truth: string;
  case?: string;
  result?: string;
  labelNames?: string;
  region: string[];
}

/** `viscera challenge evaluate`. */
export function addChallengeEvaluate(challenge: Command, signal: AbortSignal): void {
  const command = challenge
    .command("evaluate")
    .description("be an evaluation container's entry point: /input/predictions.json to /output/metrics.json")
    .option("--input <dir>", "folder of predictions.json and the jobs' outputs", "/input")
    .option("--output <dir>", "folder of metrics.json", "/output")
    .option(
      "--truth <dir>",
      "true label images, named as the input images",
      "/opt/ml/input/data/ground_truth",
    )
    .option("--case <slug>", "input image socket whose image names the truth (default: the only one)")
    .option("--result <slug>", "output image socket to score (default: the only one)")
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
    .option("--tubular <list>", "structures that also get clDice, or all")
    .option("--lesions <list>", "structures whose pieces are also counted as lesions, or all");
  withExamples(withCommonOptions(command), [
    "viscera challenge evaluate",
    "viscera challenge evaluate --input test/input --truth ground_truth --output test/output --convention deepmind",
  ]);
  bind<EvaluateOptions>(command, signal, async (context, _, options) => {
    const began = performance.now();
    const jobs = readChallengeJobs(
      await readText(join(options.input, "predictions.json"), "the list of predictions"),
      "predictions.json",
    );
    if (jobs.length === 0) throw inputError("no-case", "predictions.json lists no job.");
    const { pairs, caseNames } = await pairJobs(jobs, options);
    const known = await findNames(options.labelNames, pairs[0]!.truth, { signal });
    const names = known.withRegions(options.region);
    const settings = settingsFrom(options, names);
    const outcomes = await evaluateCases(pairs, settings, context.job("Evaluate"));
    const evaluation = await gatherEvaluation(outcomes, settings, names, context.seed, { signal });
    const broken = evaluation.failed[0];
    // A leaderboard must not rank a part of the cases as if it were all.
    if (broken)
      throw inputError(
        "prediction",
        `${countOf(evaluation.failed.length, "prediction")} of ${pairs.length} cannot be scored; job ${broken.name} (${caseNames.get(broken.name)}): ${broken.message}`,
        broken.hint,
      );
    await makeFolder(options.output);
    const out = join(options.output, "metrics.json");
    await writeWhole(out, new TextEncoder().encode(challengeMetrics(evaluation, caseNames)));
    context.console.step(
      "Evaluate",
      `${countOf(jobs.length, "job")}, convention ${settings.options.convention}`,
      (performance.now() - began) / 1000,
    );
    context.console.result({ out, convention: settings.options.convention, jobs: jobs.length });
  });
}

/** Each job's prediction and the truth of its input's name. Throws `input.socket`, `input.job`, `input.no-truth`. */
async function pairJobs(
  jobs: readonly ChallengeJob[],
  { input, truth, case: caseSlug, result }: EvaluateOptions,
): Promise<{ pairs: FilePair[]; caseNames: Map<string, string> }> {
  const truths = await imagesBelow(truth);
  const pairs: FilePair[] = [];
  const caseNames = new Map<string, string>();
  // The jobs come in no order.
  for (const job of [...jobs].sort((a, b) => (a.pk < b.pk ? -1 : 1))) {
    const where = `job ${job.pk}`;
    if (job.status !== "Succeeded")
      throw inputError(
        "job",
        `The ${where} has the status "${job.status}", so it has no prediction to score.`,
      );
    const named = imageSocket(job.inputs, caseSlug, `the inputs of ${where}`);
    const name = named.image?.name;
    if (name === undefined)
      throw inputError(
        "socket",
        `The input "${named.socket.slug}" of ${where} does not say its image's name.`,
      );
    const path = truths.get(imageStem(name));
    if (path === undefined)
      throw inputError(
        "no-truth",
        `There is no truth for the image ${name} of ${where} in "${truth}".`,
        truths.size > 0 ? `It holds ${[...truths.keys()].slice(0, 5).join(", ")}.` : "It holds no images.",
      );
    const output = imageSocket(job.outputs, result, `the outputs of ${where}`);
    const prediction = await onlyImage(join(input, job.pk, "output", output.socket.relative_path));
    pairs.push({ name: job.pk, truth: path, prediction });
    caseNames.set(job.pk, name);
  }
  return { pairs, caseNames };
}

const collect = (value: string, before: string[]): string[] => [...before, value];
