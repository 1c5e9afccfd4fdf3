/** The evaluation as a table and as JSON. */
import { metricOf, type Summary } from "@viscera/evaluate";
import { VERSION } from "../version.js";
import type { Evaluation } from "./evaluation.js";

/** A cell that spreadsheets read back as the same text. */
export function csvCell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const column = (name: string) => {
  const { unit } = metricOf(name);
  return unit === "1" ? name : `${name}[${unit}]`;
};

/** No value is an empty cell; an infinite one is `Infinity`. */
const csvNumber = (value: number | undefined) =>
  value === undefined || Number.isNaN(value) ? "" : String(value);

/** One row for each structure of each case. */
export function casesCsv({ cases, structures, metrics, settings }: Evaluation): string {
  const header = ["case", "structure", "label", "convention", "tolerance[mm]", ...metrics.map(column)];
  const rows = cases.flatMap(({ name, values }) =>
    structures.map((structure, s) =>
      [
        csvCell(name),
        csvCell(structure.name),
        structure.labels,
        settings.options.convention,
        structure.toleranceMm,
        ...metrics.map((metric) => csvNumber(values[s]![metric])),
      ].join(","),
    ),
  );
  return `${[header.join(","), ...rows].join("\n")}\n`;
}

/** JSON has no infinities: they are the text "Infinity"; null is no value. */
const jsonNumber = (value: number) =>
  Number.isNaN(value) ? null : Number.isFinite(value) ? value : String(value);

const jsonRecord = (values: Record<string, number>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, jsonNumber(value)]));

const summaryRecords = (summaries: Record<string, Summary>) =>
  Object.fromEntries(
    Object.entries(summaries).map(([metric, summary]) => [metric, jsonRecord({ ...summary })]),
  );

/** results.json: what was measured how, every value, and the summaries. */
export function evaluationJson(evaluation: Evaluation): string {
  const { settings, structures, cases, failed, metrics } = evaluation;
  const { convention, percentiles, boundaryVoxels, lesionWise } = settings.options;
  return `${JSON.stringify(
    {
      schema: 1,
      version: VERSION,
      convention,
      settings: {
        percentiles,
        ...(convention === "metrics-reloaded" ? { boundaryVoxels } : {}),
        ...(convention === "brats-lesionwise" ? { lesionWise } : {}),
      },
      bootstrap: { seed: evaluation.seed, replicates: evaluation.replicates, interval: "95 % of the mean" },
      metrics: metrics.map((name) => metricOf(name)),
      structures: structures.map((structure, s) => ({
        ...structure,
        summaries: summaryRecords(evaluation.summaries[s]!),
      })),
      overall: {
        of: "each case's mean over its structures with a finite value; generalised_dice: of all labels together",
        summaries: summaryRecords(evaluation.overall),
      },
      cases: cases.map(({ name, values, together, warnings }) => ({
        name,
        structures: Object.fromEntries(
          structures.map((structure, s) => [structure.name, jsonRecord(values[s]!)]),
        ),
        ...(Object.keys(together).length > 0 ? { together: jsonRecord(together) } : {}),
        warnings,
      })),
      failed,
    },
    null,
    1,
  )}\n`;
}
