import { throwIfCancelled } from "@viscera/core";
import type { DataSet, DataSubject } from "./data-set.js";
import { type DataSimulationOptions, DataSimulator, type SimulatedRow } from "./data-simulator.js";
import type { PharmacologyModel } from "./model.js";

export interface DataSetOptions extends DataSimulationOptions {
  /** All parameters of a subject, in the model's order, in place of those for everybody. */
  parametersOf?: (subject: DataSubject) => Float64Array;
}

export interface DataSimulation {
  columns: { name: string; unit: string }[];
  /** One for each record with EVID 0 or 2. */
  rows: SimulatedRow[];
  /** Whether states were carried by exponentials, without an error of time steps. */
  linear: boolean;
  /** Parameters and covariates taken from the data. */
  fromData: string[];
  /** What somebody should look at before using the result. */
  warnings: string[];
}

/**
 * The model's outputs at every observation of a data set. Throws `input.data` and `input.parameters` for what does
 * not fit the model, `failed.steady-state`, `failed.*` of the solver with the subject, `cancelled`.
 */
export async function simulateData(
  model: PharmacologyModel,
  data: DataSet,
  { parametersOf, ...options }: DataSetOptions = {},
): Promise<DataSimulation> {
  const simulator = await DataSimulator.create(model, data, options);
  const rows: SimulatedRow[] = [];
  for (const [done, subject] of data.subjects.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: `subject ${subject.id}`, done, total: data.subjects.length });
    for (const row of simulator.simulate(subject, parametersOf?.(subject))) rows.push(row);
  }
  const warnings = [...simulator.warnings];
  const bad = rows.filter(({ values }) => !values.every(Number.isFinite));
  if (bad.length > 0) {
    const [{ id, time, values }] = bad as [SimulatedRow];
    const at = values.findIndex((value) => !Number.isFinite(value));
    warnings.push(
      `${bad.length} of ${rows.length} rows hold a value that is not finite, the first ${simulator.outputs[at]!.name} = ${values[at]} of subject ${id} at time ${time}.`,
    );
  }
  return {
    warnings,
    columns: simulator.outputs.map(({ name, unit }) => ({ name, unit })),
    rows,
    linear: simulator.linear,
    fromData: data.covariates.filter((name) => model.parameters.some((parameter) => parameter.name === name)),
  };
}
