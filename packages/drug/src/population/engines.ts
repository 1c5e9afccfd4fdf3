/** Ways to simulate two people; all give the same rows of outputs. */
import type { JobOptions } from "@viscera/core";
import {
  compileEquations,
  EquationEvaluator,
  type EquationSystem,
  isLinear,
  LinearPopulation,
  type LinearStep,
  number,
  PopulationSolver,
  spansOf,
} from "@viscera/numerics";
import type { Administration } from "../pharmacology/administration.js";
import { DosePropertyTable } from "../pharmacology/dose-properties.js";
import { equationSystem, type PharmacologyModel } from "../pharmacology/model.js";
import type { PopulationDose } from "./dose-text.js";
import type { Individual } from "./individuals.js";
import { administrationsOf, changeValue, type Schedule } from "./schedule.js";

export type EngineName = "linear" | "pairs" | "one-by-one";

export interface PopulationEngine {
  readonly name: EngineName;
  /** Times of the rows; two of one time around a jump. */
  readonly rows: Float64Array;
  /** Rows times outputs of each, into two arrays. */
  simulate(
    people: readonly [Individual, Individual],
    to: readonly [Float64Array, Float64Array],
    job: JobOptions,
  ): void;
}

export interface SharedTask {
  model: PharmacologyModel;
  doses: readonly PopulationDose[];
  doseFactor: number;
  schedule: Schedule;
  from: number;
  relative: number;
  absolute: number;
}

/** Elements of all exponentials of a person: above it steps of a solver are cheaper. */
const MOST_ELEMENTS = 1_000_000;

/** The engine for people who share their times. */
export async function sharedEngine(task: SharedTask): Promise<PopulationEngine> {
  const system = heldSystem(task.model, task.schedule.held);
  const steps = linearSteps(task);
  if (isLinear(system) && spansOf(steps).length * system.states.length ** 2 <= MOST_ELEMENTS) {
    return new LinearEngine(task, await LinearPopulation.create(system, steps, task.from));
  }
  return new PairEngine(
    task,
    await PopulationSolver.create({ ...system, outputs: [] }, task),
    new EquationEvaluator(await compileEquations(system)),
  );
}

/** Held symbols as states that stay as they are between changes. */
function heldSystem(model: PharmacologyModel, held: readonly string[]): EquationSystem {
  const system = equationSystem(model);
  return {
    ...system,
    states: [...system.states, ...held],
    parameters: system.parameters.filter((name) => !held.includes(name)),
    equations: [...system.equations, ...held.map(() => number(0))],
  };
}

/** What the engines of shared times know of a person. */
class SharedPeople {
  readonly #task: SharedTask;
  readonly #properties: DosePropertyTable;
  readonly #states: number;
  readonly #parameters: number;

  constructor(task: SharedTask) {
    const { model, schedule } = task;
    this.#task = task;
    this.#properties = new DosePropertyTable(model);
    this.#states = model.compartments.length + schedule.held.length;
    // Behind the model's own: those of doses and infusions that are not held, all 0.
    this.#parameters = model.parameters.length + 3 * model.compartments.length - schedule.held.length;
  }

  parametersOf({ parameters }: Individual): Float64Array {
    const all = new Float64Array(this.#parameters);
    all.set(parameters);
    return all;
  }

  startOf({ parameters }: Individual): Float64Array {
    const state = new Float64Array(this.#states);
    state.set(this.#properties.initialState(parameters, this.#task.from));
    return state;
  }

  administrationsOf({ parameters, person }: Individual): Administration[] {
    const { model, doses, doseFactor } = this.#task;
    return administrationsOf(model, this.#properties, doses, parameters, {
      weightKg: person?.patient.weightKg ?? Number.NaN,
      factor: doseFactor,
    });
  }
}

function linearSteps(task: SharedTask): LinearStep[] {
  const { changes, rows } = task.schedule;
  const steps: LinearStep[] = [];
  let time = task.from;
  let next = 0;
  const inputs = inputNumbers(task.schedule);
  const goTo = (until: number) => {
    if (until > time) steps.push({ kind: "go", span: until - time });
    time = Math.max(time, until);
  };
  for (const row of rows) {
    for (let change = changes[next]; change !== undefined; change = changes[next]) {
      if (row.after ? change.time > row.time : change.time >= row.time) break;
      goTo(change.time);
      steps.push({ kind: change.kind, state: change.state, input: inputs.of[next]! });
      next++;
    }
    goTo(row.time);
    steps.push({ kind: "output" });
  }
  return steps;
}

/** Changes that put in the same value share an input. */
function inputNumbers({ changes }: Schedule): { of: number[]; first: number[] } {
  const known = new Map<string, number>();
  const first: number[] = [];
  const of = changes.map(({ what, doses, time }, k) => {
    const key = `${what} ${what === "time" ? time : doses.join()}`;
    const number = known.get(key) ?? first.push(k) - 1;
    known.set(key, number);
    return number;
  });
  return { of, first };
}

/** Linear models: exact, by exponentials. */
class LinearEngine implements PopulationEngine {
  readonly name = "linear";
  readonly rows: Float64Array;
  readonly #people: SharedPeople;
  readonly #population: LinearPopulation;
  readonly #schedule: Schedule;
  readonly #inputs: number[];

  constructor(task: SharedTask, population: LinearPopulation) {
    this.#people = new SharedPeople(task);
    this.#population = population;
    this.#schedule = task.schedule;
    this.#inputs = inputNumbers(task.schedule).first;
    this.rows = Float64Array.from(task.schedule.rows, ({ time }) => time);
  }

  simulate(people: readonly [Individual, Individual], to: readonly [Float64Array, Float64Array]): void {
    const subject = (individual: Individual) => {
      const administrations = this.#people.administrationsOf(individual);
      return {
        parameters: this.#people.parametersOf(individual),
        state: this.#people.startOf(individual),
        inputs: this.#inputs.map((k) => changeValue(this.#schedule.changes[k]!, administrations)),
      };
    };
    this.#population.run([subject(people[0]), subject(people[1])], to);
  }
}

/** Other models: Rodas5P for two people at once. */
class PairEngine implements PopulationEngine {
  readonly name = "pairs";
  readonly rows: Float64Array;
  readonly #people: SharedPeople;
  readonly #task: SharedTask;
  readonly #solver: PopulationSolver;
  readonly #evaluator: EquationEvaluator;
  /** Changes of one time together. */
  readonly #stops: { time: number; changes: number[]; rowAfter: number }[] = [];
  /** Rows that the solver gives, and their times. */
  readonly #before: number[] = [];

  constructor(task: SharedTask, solver: PopulationSolver, evaluator: EquationEvaluator) {
    this.#people = new SharedPeople(task);
    this.#task = task;
    this.#solver = solver;
    this.#evaluator = evaluator;
    const { rows, changes } = task.schedule;
    this.rows = Float64Array.from(rows, ({ time }) => time);
    for (const [k, { time }] of changes.entries()) {
      const last = this.#stops.at(-1);
      if (last?.time === time) last.changes.push(k);
      else this.#stops.push({ time, changes: [k], rowAfter: -1 });
    }
    const stopAt = new Map(this.#stops.map((stop) => [stop.time, stop]));
    for (const [r, { time, after }] of rows.entries()) {
      const stop = after ? stopAt.get(time) : undefined;
      if (stop) stop.rowAfter = r;
      else this.#before.push(r);
    }
  }

  simulate(
    people: readonly [Individual, Individual],
    to: readonly [Float64Array, Float64Array],
    job: JobOptions,
  ): void {
    const { schedule, from } = this.#task;
    const administrations = people.map((individual) => this.#people.administrationsOf(individual));
    const parameters = people.map((individual) => this.#people.parametersOf(individual));
    const starts = people.map((individual) => this.#people.startOf(individual));
    const states = people.map(() => new Array<Float64Array>(this.rows.length));
    this.#solver.solve(
      {
        from,
        until: this.rows.at(-1)!,
        subjects: 2,
        stateOf: (who) => starts[who]!,
        parametersOf: (who) => parameters[who]!,
        stops: this.#stops.map(({ time, changes, rowAfter }) => ({
          time,
          apply: (state, who) => {
            for (const k of changes) {
              const change = schedule.changes[k]!;
              const value = changeValue(change, administrations[who]!);
              state[change.state] = value + (change.kind === "add" ? state[change.state]! : 0);
            }
            if (rowAfter >= 0) states[who]![rowAfter] = state.slice();
          },
        })),
        outputTimes: this.#before.map((row) => this.rows[row]!),
        onOutput: (who, index, state) => {
          states[who]![this.#before[index]!] = state;
        },
      },
      job.signal ? { signal: job.signal } : {},
    );
    for (const who of [0, 1] as const) {
      this.#evaluator.setParameters(parameters[who]!);
      for (const [r, state] of states[who]!.entries()) {
        const outputs = this.#evaluator.outputs(this.rows[r]!, state);
        to[who].set(outputs, r * outputs.length);
      }
    }
  }
}
