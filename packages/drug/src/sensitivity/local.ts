import { individualModel } from "../estimation/individual-model.js";
import { Predictor } from "../estimation/predictor.js";
import type { SensitivityTask } from "./task.js";

export interface LocalSensitivity {
  values: { cmax: number; cmin: number; clast: number; auc: number };
  /** Per parameter: percent of change for each percent of the parameter. */
  normalised: { name: string; cmax: number; cmin: number; clast: number; auc: number }[];
  /** The curve, and per parameter its change for a relative change of the parameter (p dy/dp). */
  curve: Float64Array;
  changes: Float64Array[];
}

/**
 * How the curve and its exposure answer to small changes of each parameter at its value: forward sensitivities of nonlinear
 * models, central differences of linear ones, which are exact to rounding.
 */
export async function localSensitivity(task: SensitivityTask): Promise<LocalSensitivity> {
  const { model, data, parameters, times, output } = task;
  const names = parameters.map(({ name }) => name);
  const individual = await individualModel(
    model,
    { parameters: names, subject: [], occasion: [] },
    { outputs: [output], varying: new Set(data.covariates) },
  );
  const constants = Object.fromEntries(
    model.parameters
      .filter(({ name }) => !names.includes(name) && !data.covariates.includes(name))
      .map(({ name, value }) => [name, task.settings[name] ?? value!]),
  );
  const predictor = await Predictor.create(individual, data, constants);
  const layout = {
    subject: data.subjects[0]!,
    lines: Array.from(times, (_, i) => i + 1),
    outputs: Array.from(times, () => 0),
    occasionOf: data.subjects[0]!.records.map(() => 0),
    slots: Array.from({ length: individual.quantities }, (_, quantity) => ({ quantity, occasion: null })),
  };
  const own = Float64Array.from(
    individual.evaluator.parameters,
    (name) => parameters.find((varied) => varied.name === name)?.value ?? constants[name] ?? Number.NaN,
  );
  const quantities = individual.evaluator.derivatives(own);
  const { values: curve, first } = predictor.first(layout, quantities.values);
  const m = individual.quantities;
  const changes = parameters.map(({ value }, p) =>
    curve.map((_, j) => {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += first[j * m + k]! * quantities.first[k * names.length + p]!;
      return sum * value;
    }),
  );
  const peak = curve.reduce((best, value, j) => (value > curve[best]! ? j : best), 0);
  const trough = curve.reduce((best, value, j) => (value < curve[best]! ? j : best), 0);
  const last = curve.length - 1;
  const area = (values: Float64Array) => {
    let sum = 0;
    for (let j = 1; j < values.length; j++)
      sum += ((values[j]! + values[j - 1]!) / 2) * (times[j]! - times[j - 1]!);
    return sum;
  };
  const auc = area(curve);
  return {
    values: { cmax: curve[peak]!, cmin: curve[trough]!, clast: curve[last]!, auc },
    normalised: names.map((name, p) => ({
      name,
      cmax: changes[p]![peak]! / curve[peak]!,
      cmin: changes[p]![trough]! / curve[trough]!,
      clast: changes[p]![last]! / curve[last]!,
      auc: area(changes[p]!) / auc,
    })),
    curve,
    changes,
  };
}
