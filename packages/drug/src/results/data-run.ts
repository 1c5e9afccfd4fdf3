/** A data set simulated on a pharmacological model, as a run: curves, what was observed, exposure. */
import type { Run, Table } from "@viscera/core";
import type { DataSet } from "../pharmacology/data-set.js";
import type { PharmacologyModel } from "../pharmacology/model.js";
import type { NcaRow } from "../pharmacology/nca/profiles.js";
import type { DataSetOptions } from "../pharmacology/simulate-data.js";
import { type DataCourses, dataCourses } from "./data-courses.js";
import { dataPlots, evenly } from "./data-plots.js";
import { type Exposure, exposureFigures, exposureTable } from "./exposure.js";
import { concentrationOutputs, simulatedExposure } from "./simulated-exposure.js";

/** Subjects that are simulated for curves; of more, evenly chosen ones. */
const MOST_SUBJECTS = 1000;

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
  const { columns, plots } = dataPlots(model, result);
  const time = { name: "time", unit: model.timeUnit || "1", label: "Time", values: result.times };
  const exposure = exposureOf(model, data, result);
  const [first] = exposure;
  return {
    summary: {
      schema: 1,
      simulation: "drug-data",
      title: `${model.title || title}: ${count(data.subjects.length, "subject")} of ${data.name}`,
      version: "0.1.0",
      config: "config.json",
      values: first ? exposureFigures(first.rows, first.units) : [],
      plots,
      tables: [...exposure.map(({ table }) => table), parameterTable(model, data, options)],
      warnings,
    },
    config: {
      model: model.title || title,
      data: data.name,
      parameters: options.parameters ?? {},
      fromData: data.covariates,
      covariates: options.covariates ?? "next",
    },
    series: [time, ...columns],
    fields: [],
  };
}

const count = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;

/** Exposure by the outputs that are concentrations, and a table for each of their units. */
function exposureOf(model: PharmacologyModel, data: DataSet, result: DataCourses) {
  const dosed = new Set(
    data.subjects.flatMap(({ records }) =>
      records.flatMap(({ dose, compartment }) => (dose ? [compartment === "" ? "1" : compartment] : [])),
    ),
  );
  const dose = doseUnit(model, dosed);
  const byUnit = new Map<string, Exposure[]>();
  for (const o of concentrationOutputs(result.outputs)) {
    const { name, unit } = result.outputs[o]!;
    const rows = withoutVolumes(simulatedExposure(model, result, o).rows);
    if (rows.length > 0) byUnit.set(unit, [...(byUnit.get(unit) ?? []), { of: name, rows }]);
  }
  return [...byUnit].map(([concentration, parts]) => {
    const units = { time: model.timeUnit, dose, concentration };
    const what = parts.length === 1 ? `${parts[0]!.of}, simulated` : "simulated";
    return { rows: parts[0]!.rows, units, table: exposureTable(parts, units, what) };
  });
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
