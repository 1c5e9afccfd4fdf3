import { breathingPause, type JobOptions, VisceraError } from "@viscera/core";
import { type ElementaryEffects, morris, type SobolIndex, sobolIndices } from "@viscera/numerics";
import { DataSimulator } from "../pharmacology/data-simulator.js";
import { EXPOSURE_NAMES, exposureOf } from "../population/exposure.js";
import { SENSITIVITY_MEASURES, type SensitivityTask, type VariedParameter } from "./task.js";

export interface GlobalSensitivity<Result> {
  /** In the order of SENSITIVITY_MEASURES. */
  results: Result[];
  evaluations: number;
  /** Of them, those in which the model failed. */
  failures: number;
}

export interface GlobalOptions extends JobOptions {
  seed: number;
}

/** Values from a point of the unit cube: by logarithms where a range is above 0, else evenly. */
function valueAt({ low, high }: VariedParameter, share: number): number {
  return low > 0 ? low * (high / low) ** share : low + (high - low) * share;
}

export function globalSensitivity(
  task: SensitivityTask,
  method: "morris",
  options: GlobalOptions & { trajectories?: number; levels?: number },
): Promise<GlobalSensitivity<ElementaryEffects>>;
export function globalSensitivity(
  task: SensitivityTask,
  method: "sobol",
  options: GlobalOptions & { samples?: number; bootstrap?: number },
): Promise<GlobalSensitivity<SobolIndex>>;
/** What each measure of exposure owes to each parameter, all varied together within their ranges. */
export async function globalSensitivity(
  task: SensitivityTask,
  method: "morris" | "sobol",
  options: GlobalOptions,
): Promise<GlobalSensitivity<ElementaryEffects | SobolIndex>> {
  const { model, data, parameters, times, lastDose } = task;
  const only = { ...model, outputs: model.outputs.filter(({ name }) => name === task.output) };
  const simulator = await DataSimulator.create(only, data, { parameters: task.settings, relative: 1e-7 });
  const base = simulator.base;
  const places = parameters.map(({ name }) => model.parameters.findIndex((found) => found.name === name));
  const measures = SENSITIVITY_MEASURES.map((name) => EXPOSURE_NAMES.indexOf(name));
  const window = { from: times[0]!, until: times.at(-1)!, lastDose };
  let evaluations = 0;
  let failures = 0;
  const pause = breathingPause(options.signal);
  const f = async (x: Float64Array) => {
    await pause();
    evaluations++;
    const values = base.slice();
    for (const [i, at] of places.entries()) values[at] = valueAt(parameters[i]!, x[i]!);
    try {
      const curve = Float64Array.from(simulator.simulate(data.subjects[0]!, values), (row) => row.values[0]!);
      const exposure = exposureOf(times, curve, null, window);
      return measures.map((at) => exposure[at]!);
    } catch (error) {
      if (!(error instanceof VisceraError) || !error.code.startsWith("failed")) throw error;
      failures++;
      return measures.map(() => Number.NaN);
    }
  };
  const results =
    method === "morris"
      ? await morris(f, parameters.length, options)
      : await sobolIndices(f, parameters.length, options);
  return { results, evaluations, failures };
}
