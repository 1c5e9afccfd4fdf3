/** A population to be simulated, as data that threads can be handed. */
import { inputError, usageError } from "@viscera/core";
import type { PeopleSpec } from "@viscera/organ";
import type { FiltrationMethod } from "../pbpk/filtration.js";
import type { Compound, PbpkModel } from "../pbpk/index.js";
import type { DataSet } from "../pharmacology/data-set.js";
import type { PharmacologyModel } from "../pharmacology/model.js";
import { covariateOf } from "./covariates.js";
import type { PopulationDose } from "./dose-text.js";
import type { ParameterVariation } from "./variation.js";

export interface PopulationTask {
  model: PharmacologyModel;
  /** In place of the model's values. */
  parameters: Readonly<Record<string, number>>;
  /** One scheme for everybody, or the schemes (and covariates) of a data set's subjects in turn. */
  doses: readonly PopulationDose[] | DataSet;
  /** All doses are multiplied by it. */
  doseFactor: number;
  /** Times of the curves, rising; the first is the start where all is 0 hours old. */
  times: readonly number[];
  /** Outputs whose curves are kept; the first is measured. */
  outputs: readonly string[];
  window: { from: number; until: number };
  /** The share of the window above each is measured. */
  thresholds: readonly number[];
  /** Virtual people; null where only parameters vary. */
  people: PeopleSpec | null;
  /** Of a whole-body model: what its parameters come from, with each person's body. */
  body: WholeBody | null;
  variations: readonly ParameterVariation[];
  seed: number;
  /** Of the solver, for nonlinear models. */
  relative: number;
  absolute: number;
}

/** A whole-body model asks for people; `parameters` go before what their bodies give. */
export interface WholeBody {
  model: PbpkModel;
  compounds: readonly Compound[];
  filtration: FiltrationMethod;
}

export const isDataSet = (doses: PopulationTask["doses"]): doses is DataSet => "subjects" in doses;

/** Throws `usage` and `input.*` for what cannot be simulated. */
export function checkTask(task: PopulationTask): void {
  const { model, parameters, doses, times, outputs, window, people, variations } = task;
  const names = model.parameters.map(({ name }) => name);
  for (const [name, value] of Object.entries(parameters)) {
    if (!names.includes(name)) {
      throw inputError("parameters", `The model has no parameter "${name}".`, `It has ${names.join(", ")}.`);
    }
    if (!Number.isFinite(value)) throw inputError("parameters", `The parameter "${name}" is ${value}.`);
  }
  for (const name of outputs) {
    if (!model.outputs.some((output) => output.name === name)) {
      const known = model.outputs.map((output) => output.name).join(", ");
      throw usageError(
        `The model has no output "${name}".`,
        known === "" ? "It has none." : `It has ${known}.`,
      );
    }
  }
  if (outputs.length === 0) throw usageError("The model has no output to look at.", "Give it one.");
  const start = times[0]!;
  const end = times.at(-1)!;
  if (!(window.from < window.until) || window.from < start || window.until > end) {
    throw usageError(
      `The window from ${window.from} to ${window.until} does not lie within the simulated time, ${start} to ${end}.`,
      "Choose another --window, or simulate longer with --until.",
    );
  }
  const columns = isDataSet(doses) ? doses.covariates : [];
  const taken = variations.flatMap((variation) => variation.names).find((name) => columns.includes(name));
  if (taken !== undefined) {
    throw usageError(`"${taken}" varies and is a column of the data too.`, "Leave one of them out.");
  }
  checkValues(task, columns);
  if (!isDataSet(doses) && people === null && doses.some(({ perKg }) => perKg)) {
    throw usageError("A dose for each kg needs people with a weight.", "Add --people or --patient.");
  }
  if (isDataSet(doses)) checkData(doses);
}

/** Every parameter has a value from somewhere. */
function checkValues({ model, parameters, people, body }: PopulationTask, columns: readonly string[]): void {
  if (body !== null) {
    if (people === null) throw usageError("A whole-body model needs people.", "Add --people or --patient.");
    return;
  }
  for (const { name, value } of model.parameters) {
    if (value !== null || name in parameters || columns.includes(name)) continue;
    if (people !== null && covariateOf(name) !== null) continue;
    throw inputError(
      "parameters",
      `The model needs a value of "${name}".`,
      covariateOf(name) !== null
        ? `Give it with --set ${name}=..., or let people have one with --people or --patient.`
        : `Give it with --set ${name}=... or as a column of the data.`,
    );
  }
}

function checkData({ name, subjects }: DataSet): void {
  for (const { records } of subjects) {
    const reset = records.find(({ kind }) => kind.startsWith("reset"));
    if (reset) {
      throw inputError(
        "data",
        `Line ${reset.line} of ${name} resets the subject, which a population cannot do.`,
        "Leave out EVID 3 and 4.",
      );
    }
  }
}
