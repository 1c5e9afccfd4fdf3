import type { JobOptions } from "@viscera/core";
import { metricOf } from "@viscera/evaluate";
import { displayName } from "@viscera/organ";
import { buildEvaluationReport, type WorstCase } from "@viscera/report";
import { VERSION } from "../version.js";
import type { Evaluation } from "./evaluation.js";
import type { FilePair } from "./pair-files.js";
import { chooseWorst, loadWorst } from "./worst-cases.js";

/** Metrics that the page draws, as far as the convention has them. */
export const SHOWN_METRICS = [
  "lesion_dice",
  "lesion_hausdorff_95",
  "dice",
  "surface_dice",
  "hausdorff_95",
  "assd",
  "cl_dice",
  "lesion_f1",
];

export interface PageOptions {
  scans: string | undefined;
  /** Worst cases to show. */
  worst: number;
}

/** The evaluation as one HTML page. */
export async function evaluationPage(
  evaluation: Evaluation,
  pairs: readonly FilePair[],
  { scans, worst }: PageOptions,
  job: JobOptions,
): Promise<string> {
  const { structures, cases, settings, summaries } = evaluation;
  const { judge, choices } = chooseWorst(evaluation, pairs, worst);
  const chosen: WorstCase[] = [];
  for (const [done, choice] of choices.entries()) {
    job.onProgress?.({ stage: "worst cases", done, total: choices.length });
    chosen.push(await loadWorst(choice, evaluation, scans, job));
  }
  const metrics = SHOWN_METRICS.filter((name) => evaluation.metrics.includes(name));
  const valuesOf = (metric: string, s: number) => cases.map(({ values }) => values[s]![metric] ?? Number.NaN);
  const empty = {
    count: 0,
    missing: 0,
    infinite: 0,
    mean: NaN,
    sd: NaN,
    median: NaN,
    q1: NaN,
    q3: NaN,
    ciLow: NaN,
    ciHigh: NaN,
  };
  const tolerances = [...new Set(structures.map(({ toleranceMm }) => toleranceMm))].sort((a, b) => a - b);
  const drawn = chosen.filter(({ scan }) => scan !== null).length;
  return buildEvaluationReport({
    title: "Predictions against truth",
    convention: settings.options.convention,
    facts: [
      ["Cases", String(cases.length)],
      ["Not evaluated", String(evaluation.failed.length)],
      ["Structures", String(structures.length)],
      [
        "Tolerance of surface Dice",
        `${tolerances.length > 3 ? `${tolerances[0]} to ${tolerances.at(-1)}` : tolerances.join(", ")} mm`,
      ],
      ["Bootstrap", `${evaluation.replicates} samples, seed ${evaluation.seed}`],
    ],
    structures: structures.map(({ name }) => displayName(name)),
    metrics: metrics.map((name) => metricOf(name)),
    cases: cases.map(({ name }) => name),
    values: metrics.map((metric) => structures.map((_, s) => valuesOf(metric, s))),
    summaries: metrics.map((metric) => structures.map((_, s) => summaries[s]![metric] ?? empty)),
    overall: metrics.map((metric) => evaluation.overall[metric]!),
    truthMl: structures.map((_, s) => valuesOf("volume_truth", s)),
    predictionMl: structures.map((_, s) => valuesOf("volume_prediction", s)),
    failed: evaluation.failed.map(({ name, message }) => ({ name, message })),
    notes:
      scans !== undefined && drawn < chosen.length
        ? [`${chosen.length - drawn} of the worst cases have no scan of their name on the labels' grid.`]
        : [],
    worst: chosen.map((one) => ({ ...one, structure: displayName(one.structure) })),
    worstBy: `The lowest ${metricOf(judge).label}, at most two of a structure.`,
    generatedAt: new Date().toISOString(),
    version: VERSION,
  });
}
