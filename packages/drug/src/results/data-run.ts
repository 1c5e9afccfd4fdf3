/** A data set simulated on a pharmacological model, as a run: curves, what was observed, exposure. */
import type { Plot, Run, SeriesColumn, Table } from "@viscera/core";
import type { DataSet } from "../pharmacology/data-set.js";
import type { ModelOutput, PharmacologyModel } from "../pharmacology/model.js";
import type { NcaRow } from "../pharmacology/nca/profiles.js";
import type { DataSetOptions } from "../pharmacology/simulate-data.js";
import { type Course, type DataCourses, dataCourses } from "./data-courses.js";
import { exposureFigures, exposureTable } from "./exposure.js";
import { observedPoints } from "./observed-points.js";
import { concentrationOutputs, simulatedExposure } from "./simulated-exposure.js";
import { quantileCurves } from "./spread.js";

/** Curves drawn in colours of their own; more are drawn as percentiles, and alike. */
const MOST_DISTINCT = 12;
const MOST_CURVES = 60;
/** Subjects that are simulated for curves; of more, evenly chosen ones. */
const MOST_SUBJECTS = 1000;
const SHARES = [
  ["p05", "5 %", 0.05],
  ["p25", "25 %", 0.25],
  ["p50", "Median", 0.5],
  ["p75", "75 %", 0.75],
  ["p95", "95 %", 0.95],
] as const;

/** `title`: of the model where it has none. Throws what `simulateData` throws. */
export async function dataRun(
  model: PharmacologyModel,
  data: DataSet,
  options: DataSetOptions = {},
  title = "Model",
): Promise<Run> {
  const subjects = evenly(data.subjects, MOST_SUBJECTS);
  const result = await dataCourses(model, { ...data, subjects }, options);
  const warnings = [...result.warnings];
  if (subjects.length < data.subjects.length)
    warnings.push(
      `Curves and exposure are those of ${subjects.length} of ${data.subjects.length} subjects, evenly chosen.`,
    );
  const series: SeriesColumn[] = [
    { name: "time", unit: model.timeUnit || "1", label: "Time", values: result.times },
  ];
  const plots: Plot[] = [];
  for (const o of result.outputs.keys()) {
    const drawn = outputPlots(model, result, o);
    series.push(...drawn.columns);
    plots.push(...drawn.plots);
  }
  const exposure = concentrationOutputs(result.outputs).map((o) => exposureOf(model, data, result, o));
  const single = exposure[0];
  return {
    summary: {
      schema: 1,
      simulation: "drug-data",
      title: `${model.title || title}: ${count(data.subjects.length, "subject")} of ${data.name}`,
      version: "0.1.0",
      config: "config.json",
      values: single ? exposureFigures(single.rows, single.units) : [],
      plots,
      tables: [...exposure.flatMap(({ table }) => table), parameterTable(model, data, options)],
      warnings,
    },
    config: {
      model: model.title || title,
      data: data.name,
      parameters: options.parameters ?? {},
      fromData: data.covariates,
      covariates: options.covariates ?? "next",
    },
    series,
    fields: [],
  };
}

const count = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;

function evenly<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]!);
}

function columnOf(output: ModelOutput, name: string, label: string, values: Float64Array): SeriesColumn {
  return { name: `${output.name}.${name}`, unit: output.unit || "1", label, values };
}

function outputPlots(model: PharmacologyModel, result: DataCourses, o: number) {
  const output = result.outputs[o]!;
  const { courses } = result;
  const few = courses.length <= MOST_DISTINCT;
  const lines = evenly(courses, MOST_CURVES);
  const columns = lines.map(({ label, values }, k) => columnOf(output, String(k), label, values[o]!));
  const observed = observedPoints(model, result, o);
  const each: Plot = {
    title: `${output.name}, ${few ? (courses.length === 1 ? courses[0]!.label.toLowerCase() : "each subject") : `${lines.length < courses.length ? `${lines.length} of ` : ""}${courses.length} curves`}`,
    columns: columns.map(({ name }) => name),
    yScale: "linear",
    bands: [],
    points: few ? (sameLabels(courses, observed) ?? observed) : [],
    axes: null,
  };
  if (few) return { columns, plots: [each] };
  const curves = quantileCurves(
    courses.map(({ values }) => values[o]!),
    SHARES.map(([, , share]) => share),
  );
  const spread = SHARES.map(([name, label], s) => columnOf(output, name, label, curves[s]!));
  const named = (name: string) => `${output.name}.${name}`;
  const percentiles: Plot = {
    title: `${output.name}, percentiles of ${courses.length} curves`,
    columns: [named("p50")],
    yScale: "linear",
    bands: [
      { label: "5 to 95 %", low: named("p05"), high: named("p95") },
      { label: "25 to 75 %", low: named("p25"), high: named("p75") },
    ],
    points: together(observed),
    axes: null,
  };
  return { columns: [...columns, ...spread], plots: [percentiles, each] };
}

/** Observations in the colours of a few subjects' curves; null where colours would not tell them apart. */
function sameLabels(courses: readonly Course[], points: Plot["points"]): Plot["points"] | null {
  if (courses.length === 1) return together(points);
  return courses.length <= 8 ? points : together(points);
}

function together(points: Plot["points"]): Plot["points"] {
  if (points.length === 0) return [];
  return [{ label: "Observed", x: points.flatMap(({ x }) => x), y: points.flatMap(({ y }) => y) }];
}

function exposureOf(model: PharmacologyModel, data: DataSet, result: DataCourses, o: number) {
  const output = result.outputs[o]!;
  const { rows } = simulatedExposure(model, result, o);
  const dosed = new Set(
    data.subjects.flatMap(({ records }) =>
      records.flatMap(({ dose, compartment }) => (dose ? [compartment === "" ? "1" : compartment] : [])),
    ),
  );
  const units = {
    time: model.timeUnit,
    dose: doseUnit(model, dosed),
    concentration: output.unit,
  };
  const table: Table[] =
    rows.length > 0 ? [exposureTable(withoutVolumes(rows), units, `${output.name}, simulated`)] : [];
  return { rows, units, table };
}

/** The unit of the compartments that doses go into; "" where they differ. */
function doseUnit(model: PharmacologyModel, dosed: ReadonlySet<string>): string {
  const units = new Set(
    [...dosed].map((key) => {
      const byNumber = /^\d+$/.test(key) ? model.compartments[Number(key) - 1] : undefined;
      return (byNumber ?? model.compartments.find(({ name }) => name === key))?.unit ?? "";
    }),
  );
  return units.size === 1 ? [...units][0]! : "";
}

/** Clearance and volume are the model's parameters; what a curve would say of them is another thing's estimate. */
function withoutVolumes(rows: readonly NcaRow[]): NcaRow[] {
  return rows.map((row) => ({ ...row, measures: { ...row.measures, clearance: null, volumeZ: null } }));
}

function parameterTable(
  model: PharmacologyModel,
  data: DataSet,
  { parameters = {}, parametersOf }: DataSetOptions,
): Table {
  const [subject, ...others] = data.subjects;
  const own = parametersOf && subject && others.length === 0 ? parametersOf(subject) : null;
  return {
    title: "Parameters",
    columns: ["Parameter", "Value", "Unit", "From", "Meaning"],
    rows: model.parameters.map(({ name, value, unit, description }, i) => {
      const known = parameters[name] ?? value;
      const from = Object.hasOwn(parameters, name) ? "given" : "the model";
      const [shown, source] = data.covariates.includes(name)
        ? [null, "column of the data"]
        : parametersOf
          ? [own?.[i] ?? null, own ? "the subject" : "each subject"]
          : [known, from];
      return [name, shown, unit, source, description];
    }),
  };
}
