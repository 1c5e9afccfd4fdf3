/** Exposure measures of simulated curves, by the analysis that measured concentrations get. */
import { type Expression, symbolsOf } from "@viscera/numerics";
import type { DataRecord, DataSet } from "../pharmacology/data-set.js";
import type { ModelOutput, PharmacologyModel } from "../pharmacology/model.js";
import { findCompartment } from "../pharmacology/model-text.js";
import { type NcaResult, ncaOfData } from "../pharmacology/nca/profiles.js";
import type { DataCourses } from "./data-courses.js";

/** Where the curve is "measured", and where doses go that reach it by way of another compartment. */
const MEASURED = "1";
const ELSEWHERE = "2";

/** Outputs that are amounts per volume by their unit; the first output where none says so. */
export function concentrationOutputs(outputs: readonly ModelOutput[]): number[] {
  const found = outputs.flatMap(({ unit }, o) =>
    /^[a-zµμ]*(g|mol|M)\/[a-zµμ]*(L|l|m3|dm3|cm3)$/.test(unit) ? [o] : [],
  );
  return found.length > 0 || outputs.length === 0 ? found : [0];
}

/** Compartments that an output's formula names, by way of definitions too. */
export function compartmentsBehind(model: PharmacologyModel, output: ModelOutput): Set<string> {
  const names = new Set(model.compartments.map(({ name }) => name));
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (expression: Expression) => {
    for (const name of symbolsOf(expression)) {
      if (seen.has(name)) continue;
      seen.add(name);
      if (names.has(name)) found.add(name);
      const definition = model.definitions.get(name);
      if (definition !== undefined) visit(definition);
    }
  };
  visit(output.expression);
  return found;
}

/**
 * The profiles of one output after every dose. A dose into the compartment behind the output counts as a bolus, one with
 * a rate as an infusion, any other as extravascular; so does one whose rate the model decides.
 */
export function simulatedExposure(
  model: PharmacologyModel,
  { times, outputs, courses }: DataCourses,
  output: number,
): NcaResult {
  const behind = compartmentsBehind(model, outputs[output]!);
  const isDirect = (record: DataRecord) => {
    const compartment = findCompartment(model, record.compartment === "" ? "1" : record.compartment);
    return compartment !== undefined && behind.has(model.compartments[compartment]!.name);
  };
  const data: DataSet = {
    name: "the simulation",
    covariates: [],
    subjects: courses.map(({ label, records, values }) => {
      const doses = records
        .filter(({ dose }) => dose !== null && dose.amount > 0)
        .map((record): DataRecord => {
          const dose = record.dose!;
          const modelled = dose.rate < 0;
          return {
            ...record,
            kind: "dose",
            compartment: !modelled && isDirect(record) ? MEASURED : ELSEWHERE,
            dose: modelled ? { ...dose, rate: 0, duration: 0 } : dose,
          };
        });
      const observed = Array.from(times, (time, i) => ({ time, value: values[output]![i]! }))
        .filter(({ value }) => Number.isFinite(value))
        .map(
          ({ time, value }): DataRecord => ({
            line: 0,
            time,
            kind: "observation",
            compartment: MEASURED,
            dose: null,
            // The analysis takes 0 and less for unmeasurable: so are rounding errors around 0.
            observed: value,
            covariates: new Float64Array(0),
          }),
        );
      const all = [...doses, ...observed].sort(
        (a, b) => a.time - b.time || Number(b.dose !== null) - Number(a.dose !== null),
      );
      return { id: label.replace(/^Subject /, ""), records: all };
    }),
  };
  const usable = data.subjects.filter(({ records }) => records.some(({ observed }) => observed !== null));
  if (usable.length === 0) return { rows: [], left: [] };
  return ncaOfData({ ...data, subjects: usable });
}
