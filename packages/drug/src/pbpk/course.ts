/** A body's course under doses. */
import { type JobOptions, usageError } from "@viscera/core";
import type { DataRecord, DataSet } from "../pharmacology/data-set.js";
import { DataSimulator } from "../pharmacology/data-simulator.js";
import { type PbpkModel, withParameterValues } from "./model.js";

export interface PbpkCourse {
  timesH: Float64Array;
  /** Outputs and compartments over time, by name. */
  columns: ReadonlyMap<string, Float64Array>;
  /** Carried by matrix exponentials, without an error of time steps. */
  linear: boolean;
  warnings: string[];
}

/** The model with one person's parameters under dose records (in order of time), looked at at rising times. */
export async function pbpkCourse(
  model: PbpkModel,
  parameters: Float64Array,
  doses: readonly DataRecord[],
  timesH: Float64Array,
  options: JobOptions = {},
): Promise<PbpkCourse> {
  const observations = Array.from(
    timesH,
    (time, i): DataRecord => ({
      line: doses.length + i + 1,
      time,
      kind: "observation",
      compartment: "",
      dose: null,
      observed: null,
      covariates: new Float64Array(0),
    }),
  );
  // Sorting keeps the order of equals: a dose comes before an observation of its time.
  const records = [...doses, ...observations].sort((a, b) => a.time - b.time);
  const end = timesH.at(-1)!;
  const data: DataSet = {
    name: "the doses",
    covariates: [],
    subjects: [{ id: "1", records: records.filter(({ time }) => time <= end) }],
  };
  const simulator = await DataSimulator.create(withParameterValues(model, parameters), data, {
    ...(options.signal ? { signal: options.signal } : {}),
    compartments: true,
  });
  const rows = simulator.simulate(data.subjects[0]!);
  const columns = new Map(
    simulator.outputs.map(({ name }, k) => [name, Float64Array.from(rows, ({ values }) => values[k]!)]),
  );
  return { timesH, columns, linear: simulator.linear, warnings: simulator.warnings };
}

/** Most times of one simulation. */
const MOST_STEPS = 200_000;

/** Times from 0 to `durationH`. Throws `usage` for more than 200,000 steps. */
export function regularTimes(durationH: number, stepMin: number): Float64Array {
  const steps = Math.ceil((durationH * 60) / stepMin - 1e-9);
  if (steps > MOST_STEPS) {
    throw usageError(
      `The drug simulation would write ${steps} time steps.`,
      `Choose a longer "stepMin" or a shorter "durationH" (at most ${MOST_STEPS} steps).`,
    );
  }
  return Float64Array.from({ length: steps + 1 }, (_, i) => Math.min((i * stepMin) / 60, durationH));
}
