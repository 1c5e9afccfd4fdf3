/** A finished evaluation: values of every structure in every case, and their summaries. */
import type { JobOptions } from "@viscera/core";
import {
  Bootstrap,
  type EvaluationSettings,
  emptyPair,
  generalisedDice,
  measureStructure,
  optionsOf,
  type Summary,
  summarise,
} from "@viscera/evaluate";
import type { CaseOutcome } from "./evaluate-case.js";
import type { StructureNames } from "./structure-names.js";

export interface Evaluation {
  settings: EvaluationSettings;
  seed: number;
  replicates: number;
  structures: { id: number; name: string; labels: string; toleranceMm: number }[];
  /** Names of the metrics in the order of their columns. */
  metrics: string[];
  /** Finished cases; one row of values a structure, in the order of `structures`. */
  cases: {
    name: string;
    values: Record<string, number>[];
    /** Metrics of all labels together, regions left out. */
    together: Record<string, number>;
    warnings: string[];
  }[];
  failed: { name: string; message: string; hint: string }[];
  /** By structure, then metric. */
  summaries: Record<string, Summary>[];
  /** Of each case's mean over its structures (values that are numbers), by metric; and of the labels together. */
  overall: Record<string, Summary>;
}

/** Brings the cases' values into one table. Labels that one case has and another lacks are empty masks there. */
export async function gatherEvaluation(
  outcomes: readonly CaseOutcome[],
  settings: EvaluationSettings,
  names: StructureNames,
  seed: number,
  job: JobOptions,
): Promise<Evaluation> {
  const done = outcomes.flatMap((outcome) => (outcome.status === "done" ? [outcome] : []));
  const occurring = done.flatMap(({ structures }) => structures.flatMap(({ id }) => (id > 0 ? [id] : [])));
  const regions = Object.keys(settings.regions).map(Number);
  const ids = [...(settings.ids ?? [...new Set(occurring)].sort((a, b) => a - b)), ...regions];
  const cases: Evaluation["cases"] = [];
  for (const { name, size, spacingMm, structures, warnings } of done) {
    const values: Record<string, number>[] = [];
    for (const id of ids)
      values.push(
        structures.find((structure) => structure.id === id)?.values ??
          (await measureStructure(emptyPair(size, spacingMm), optionsOf(settings, id), job)),
      );
    const labels = structures.filter(({ id }) => id > 0);
    // The rules for structures that the truth lacks are MONAI's.
    const together: Record<string, number> =
      settings.options.convention === "monai" && labels.length > 0
        ? {
            generalised_dice: generalisedDice(
              labels.map(({ volumes }) => volumes),
              "square",
            ),
          }
        : {};
    cases.push({ name, values, together, warnings });
  }
  const metrics = [...new Set(cases.flatMap(({ values }) => values.flatMap((row) => Object.keys(row))))];
  const bootstrap = new Bootstrap(seed);
  const summariesOf = (valuesOf: (metric: string) => number[]) =>
    Object.fromEntries(metrics.map((metric) => [metric, summarise(valuesOf(metric), bootstrap)]));
  return {
    settings,
    seed,
    replicates: bootstrap.replicates,
    structures: ids.map((id) => ({
      id,
      name: names.nameOf(id),
      labels: names.labelsOf(id),
      toleranceMm: optionsOf(settings, id).toleranceMm,
    })),
    metrics,
    cases,
    failed: outcomes.flatMap((outcome) =>
      outcome.status === "failed"
        ? [{ name: outcome.name, message: outcome.message, hint: outcome.hint }]
        : [],
    ),
    // A metric that only some structures have (clDice) is no value of the others, not a missing one.
    summaries: ids.map((_, s) =>
      summariesOf((metric) => cases.flatMap(({ values }) => values[s]![metric] ?? [])),
    ),
    overall: {
      ...summariesOf((metric) => cases.map(({ values }) => meanOver(values, metric))),
      ...togetherSummaries(cases, bootstrap),
    },
  };
}

function togetherSummaries(cases: Evaluation["cases"], bootstrap: Bootstrap): Record<string, Summary> {
  const metrics = new Set(cases.flatMap(({ together }) => Object.keys(together)));
  return Object.fromEntries(
    [...metrics].map((metric) => [
      metric,
      summarise(
        cases.map(({ together }) => together[metric] ?? Number.NaN),
        bootstrap,
      ),
    ]),
  );
}

/** Mean of a case's structures that have a finite value; NaN where none has. */
function meanOver(values: readonly Record<string, number>[], metric: string): number {
  const finite = values.flatMap((row) => (Number.isFinite(row[metric]) ? [row[metric]!] : []));
  return finite.reduce((a, b) => a + b, 0) / finite.length;
}
