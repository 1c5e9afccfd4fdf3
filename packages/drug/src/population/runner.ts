/** Simulates people by their numbers: what a thread does. */
import { failedError, type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import { type EquationSystem, ExpressionGraph, isAffine, isLinear } from "@viscera/numerics";
import { DosePropertyTable } from "../pharmacology/dose-properties.js";
import { equationSystem, type PharmacologyModel } from "../pharmacology/model.js";
import { withArea } from "./areas.js";
import { PEOPLE_COLUMNS } from "./covariates.js";
import { lastDoseTime } from "./dose-text.js";
import { type EngineName, type PopulationEngine, sharedEngine } from "./engines.js";
import { EXPOSURE_NAMES, exposureOf, shareAbove } from "./exposure.js";
import { type Individual, Individuals } from "./individuals.js";
import { shareAboveName } from "./names.js";
import { OneByOneEngine } from "./one-by-one.js";
import { administrationsOf, sharedSchedule } from "./schedule.js";
import { checkTask, isDataSet, type PopulationTask } from "./task.js";

/** People simulated together: an even number, so that pairs do not depend on how the work is dealt out. */
export const PEOPLE_A_BLOCK = 100;

/** Results of some people. */
export interface PeopleResult {
  first: number;
  count: number;
  /** People times rows times outputs. */
  curves: Float32Array;
  /** People times columns. */
  table: Float64Array;
}

/** What the numbers of a result mean. */
export interface PopulationLayout {
  engine: EngineName;
  /** Times of the rows of a curve; two of one time around a jump. */
  times: Float64Array;
  outputs: readonly string[];
  /** Of the table: people's covariates, drawn parameters, measures, shares of time above the thresholds. */
  covariates: readonly string[];
  parameters: readonly string[];
  measures: readonly string[];
  /** The area is integrated with the model, not taken from the curve. */
  exactArea: boolean;
}

export class PopulationRunner {
  readonly layout: PopulationLayout;
  readonly #task: PopulationTask;
  readonly #individuals: Individuals;
  readonly #engine: PopulationEngine;
  readonly #width: number;
  readonly #lastDoses: readonly number[];

  private constructor(
    task: PopulationTask,
    individuals: Individuals,
    engine: PopulationEngine,
    exactArea: boolean,
  ) {
    this.#task = task;
    this.#individuals = individuals;
    this.#engine = engine;
    this.#width = task.outputs.length + (exactArea ? 1 : 0);
    this.#lastDoses = lastDoseTimes(task);
    this.layout = {
      engine: engine.name,
      times: engine.rows,
      outputs: task.outputs,
      covariates: task.people ? PEOPLE_COLUMNS.map(({ names }) => names[0]!) : [],
      parameters: individuals.drawn,
      measures: [...EXPOSURE_NAMES, ...task.thresholds.map(shareAboveName)],
      exactArea,
    };
  }

  /** Throws what `checkTask` does, and for models and doses that do not go together. */
  static async create(task: PopulationTask): Promise<PopulationRunner> {
    checkTask(task);
    const { model } = task;
    const individuals = new Individuals(task);
    const kept = task.outputs.map((name) => model.outputs.find((output) => output.name === name)!);
    const exactArea = canIntegrate({ ...model, outputs: kept });
    const shown: PharmacologyModel = exactArea ? withArea(model, kept) : { ...model, outputs: kept };
    const engine =
      (await sharedEngineOf(task, shown, individuals)) ?? (await OneByOneEngine.create(task, shown));
    return new PopulationRunner(task, individuals, engine, exactArea);
  }

  /** The people with the numbers `first` to `until` - 1; `first` is even. Throws `failed.*` with the person's number. */
  run(first: number, until: number, job: JobOptions = {}): PeopleResult {
    const { times, outputs, covariates, parameters, measures } = this.layout;
    const rows = times.length;
    const columns = covariates.length + parameters.length + measures.length;
    const count = until - first;
    const curves = new Float32Array(count * rows * outputs.length);
    const table = new Float64Array(count * columns);
    const pair = [0, 1].map(() => new Float64Array(rows * this.#width)) as [Float64Array, Float64Array];
    for (let index = first; index < until; index += 2) {
      throwIfCancelled(job.signal);
      // The partner of the last one is drawn even where it does not count: nobody depends on the population's size.
      const people = [this.#individuals.get(index), this.#individuals.get(index + 1)] as const;
      this.#simulate(people, pair, job);
      for (const who of [0, 1] as const) {
        const at = index + who - first;
        if (at >= count) continue;
        this.#keepCurves(pair[who], curves, at);
        this.#keepRow(people[who], pair[who], table.subarray(at * columns, (at + 1) * columns));
      }
    }
    return { first, count, curves, table };
  }

  #simulate(
    people: readonly [Individual, Individual],
    to: readonly [Float64Array, Float64Array],
    job: JobOptions,
  ) {
    try {
      this.#engine.simulate(people, to, job);
    } catch (error) {
      if (!(error instanceof VisceraError) || !error.code.startsWith("failed")) throw error;
      const who =
        this.#engine.name === "one-by-one"
          ? ""
          : `People ${people.map(({ index }) => index + 1).join(" and ")}: `;
      throw new VisceraError(error.code, `${who}${error.message}`, error.hint);
    }
    for (const who of [0, 1] as const) {
      const bad = to[who].findIndex((value) => !Number.isFinite(value));
      if (bad < 0) continue;
      const name = this.#task.outputs[bad % this.#width] ?? "the area";
      throw failedError(
        "not-finite",
        `Person ${people[who].index + 1}: ${name} is ${to[who][bad]} at time ${this.layout.times[Math.floor(bad / this.#width)]}.`,
        "Check the parameters and how much they vary.",
      );
    }
  }

  #keepCurves(values: Float64Array, curves: Float32Array, at: number): void {
    const { times, outputs } = this.layout;
    const n = outputs.length;
    for (let r = 0; r < times.length; r++) {
      for (let o = 0; o < n; o++) curves[(at * times.length + r) * n + o] = values[r * this.#width + o]!;
    }
  }

  #keepRow(individual: Individual, values: Float64Array, row: Float64Array): void {
    const { times, exactArea, covariates, parameters } = this.layout;
    const width = this.#width;
    const column = (k: number) => {
      const found = new Float64Array(times.length);
      for (let r = 0; r < found.length; r++) found[r] = values[r * width + k]!;
      return found;
    };
    const curve = column(0);
    const { person, index } = individual;
    if (person !== null) row.set(PEOPLE_COLUMNS.map(({ of }) => of(person)));
    const { model, window, thresholds } = this.#task;
    const places = parameters.map((name) =>
      model.parameters.findIndex((parameter) => parameter.name === name),
    );
    row.set(
      places.map((place) => individual.parameters[place]!),
      covariates.length,
    );
    const lastDose = this.#lastDoses[index % this.#lastDoses.length]!;
    const measured = { ...window, lastDose };
    const exposure = exposureOf(times, curve, exactArea ? column(width - 1) : null, measured);
    row.set(exposure, covariates.length + parameters.length);
    row.set(
      thresholds.map((threshold) => shareAbove(times, curve, threshold, measured)),
      covariates.length + parameters.length + exposure.length,
    );
  }
}

/** Per scheme; the start where there is no dose. */
function lastDoseTimes({ doses, times }: PopulationTask): number[] {
  const start = times[0]!;
  if (!isDataSet(doses)) return [Math.max(start, ...doses.map(lastDoseTime))];
  return doses.subjects.map(({ records }) =>
    records.reduce(
      (latest, { dose, time }) => (dose ? Math.max(latest, time + dose.additional * dose.interval) : latest),
      start,
    ),
  );
}

/** Whether the area can be one more state: not where it would make a linear model nonlinear. */
function canIntegrate(model: PharmacologyModel): boolean {
  const system: EquationSystem = equationSystem(model);
  if (!isLinear(system)) return true;
  const graph = new ExpressionGraph();
  const { expression } = model.outputs[0]!;
  const resolve = (name: string): number => {
    const definition = system.definitions?.get(name);
    return definition === undefined ? graph.symbol(name) : graph.add(definition, resolve);
  };
  return isAffine(graph, [graph.add(expression, resolve)], [...system.states, system.time]);
}

async function sharedEngineOf(
  task: PopulationTask,
  model: PharmacologyModel,
  individuals: Individuals,
): Promise<PopulationEngine | null> {
  const { doses, doseFactor, times, relative, absolute } = task;
  // A steady state is each person's own.
  if (isDataSet(doses) || doses.some(({ steady }) => steady)) return null;
  const first = individuals.get(0);
  const typical = administrationsOf(model, new DosePropertyTable(model), doses, first.parameters, {
    weightKg: first.person?.patient.weightKg ?? Number.NaN,
    factor: doseFactor,
  });
  const schedule = sharedSchedule(model, doses, typical, times, individuals.varied);
  if (schedule === null) return null;
  return sharedEngine({ model, doses, doseFactor, schedule, from: times[0]!, relative, absolute });
}
