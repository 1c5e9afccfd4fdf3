/** One subject's doses, a model, and which of its parameters are varied how far. */
import { inputError, usageError } from "@viscera/core";
import type { DataRecord, DataSet, DataSubject } from "../pharmacology/data-set.js";
import type { PharmacologyModel } from "../pharmacology/model.js";
import type { ExposureName } from "../population/exposure.js";

export interface VariedParameter {
  name: string;
  value: number;
  low: number;
  high: number;
}

export interface SensitivityTask {
  model: PharmacologyModel;
  output: string;
  /** One subject with the doses of the original and a row at each time. */
  data: DataSet;
  times: Float64Array;
  lastDose: number;
  parameters: VariedParameter[];
  /** Values of the parameters that stay. */
  settings: Record<string, number>;
  warnings: string[];
}

export interface SensitivityTaskOptions {
  settings?: Readonly<Record<string, number>>;
  /** Parameters to vary; all that the model does not have fixed where left out. */
  vary?: readonly string[];
  /** Ranges by name; others go from the value divided by `factor` to its product with it. */
  ranges?: Readonly<Record<string, readonly [number, number]>>;
  factor?: number;
  /** Default: the model's first. */
  output?: string;
  /** End of the time; default: the subject's last record. */
  until?: number;
}

/** What results are looked at. */
export const SENSITIVITY_MEASURES = [
  "cmax",
  "tmax",
  "cmin",
  "clast",
  "auc",
  "halfLife",
] as const satisfies readonly ExposureName[];

const POINTS = 240;

/** Throws `input.*` and `usage` for names and ranges without sense. */
export function sensitivityTask(
  model: PharmacologyModel,
  data: DataSet,
  subject: DataSubject,
  { settings = {}, vary, ranges = {}, factor = 2, output, until }: SensitivityTaskOptions = {},
): SensitivityTask {
  const warnings: string[] = [];
  const effects = new Set((model.random ?? []).flatMap(({ names }) => names));
  const possible = model.parameters.filter(
    ({ name, value }) =>
      (value !== null || name in settings) && !effects.has(name) && !data.covariates.includes(name),
  );
  const known = possible.map(({ name }) => name);
  for (const name of [...(vary ?? []), ...Object.keys(ranges), ...Object.keys(settings)]) {
    if (known.includes(name)) continue;
    throw inputError(
      "parameters",
      `The model has no parameter "${name}" to vary or set.`,
      `It has ${known.join(", ")}.`,
    );
  }
  const wanted = (name: string, kept: boolean) => vary?.includes(name) ?? (name in ranges || !kept);
  const parameters: VariedParameter[] = [];
  for (const { name, value, fixed, covariate } of possible) {
    if (!wanted(name, fixed === true || covariate === true)) continue;
    const own = settings[name] ?? value!;
    const range = ranges[name] ?? (own > 0 ? ([own / factor, own * factor] as const) : null);
    if (range === null) {
      warnings.push(`${name} is ${own}, which a factor does not vary: give it a range.`);
      continue;
    }
    const [low, high] = range;
    if (!(low < high) || !Number.isFinite(high - low)) {
      throw usageError(
        `The range of ${name}, ${low} to ${high}, holds nothing.`,
        "Write for example CL=2:8.",
      );
    }
    parameters.push({ name, value: own, low, high });
  }
  if (parameters.length === 0)
    throw usageError("No parameter is left to vary.", "Give some with --vary or --range.");
  const outputName = output ?? model.outputs[0]!.name;
  if (!model.outputs.some(({ name }) => name === outputName)) {
    throw usageError(
      `The model has no output "${outputName}".`,
      `It has ${model.outputs.map(({ name }) => name).join(", ")}.`,
    );
  }
  const doses = subject.records.filter(({ dose }) => dose !== null);
  const start = subject.records[0]!.time;
  const end = until ?? subject.records.at(-1)!.time;
  if (!(end > start))
    throw usageError(`There is no time between ${start} and ${end}.`, "Give a later end with --until.");
  const lastDose = doses.reduce(
    (latest, { time, dose }) => Math.max(latest, Math.min(end, time + dose!.additional * dose!.interval)),
    start,
  );
  const times = timesOf(doses, start, end);
  return {
    model,
    output: outputName,
    data: { ...data, subjects: [{ id: subject.id, records: recordsOf(subject.records, times, end) }] },
    times,
    lastDose,
    parameters,
    settings: Object.fromEntries(
      possible
        .filter(({ name }) => name in settings && !parameters.some((varied) => varied.name === name))
        .map(({ name }) => [name, settings[name]!]),
    ),
    warnings,
  };
}

/** Equal steps, each arrival and each end of an infusion of known length. */
function timesOf(doses: readonly DataRecord[], start: number, end: number): Float64Array {
  const times = new Set(Array.from({ length: POINTS + 1 }, (_, i) => start + ((end - start) * i) / POINTS));
  for (const { time, dose } of doses) {
    const duration = dose!.duration || (dose!.rate > 0 ? dose!.amount / dose!.rate : 0);
    for (let k = 0; k <= Math.min(dose!.additional, 1000); k++) {
      for (const at of [time + k * dose!.interval, time + k * dose!.interval + duration]) {
        if (at >= start && at <= end) times.add(at);
      }
    }
  }
  return Float64Array.from(times).sort();
}

/** The subject's doses and resets, and a row without a measurement at each time, after what happens then. */
function recordsOf(records: readonly DataRecord[], times: Float64Array, end: number): DataRecord[] {
  const events = records.filter(
    ({ kind, time }) => kind !== "observation" && kind !== "other" && time <= end,
  );
  const result: DataRecord[] = [];
  let next = 0;
  let covariates = records[0]!.covariates;
  for (const [i, time] of times.entries()) {
    while (next < events.length && events[next]!.time <= time) {
      covariates = events[next]!.covariates;
      result.push({ ...events[next++]!, line: 0 });
    }
    result.push({
      line: i + 1,
      time,
      kind: "other",
      compartment: "",
      dose: null,
      observed: null,
      covariates,
    });
  }
  return result;
}
