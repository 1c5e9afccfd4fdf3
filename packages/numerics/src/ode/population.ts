/** Many subjects of one system, two at a time. */
import { failedError, type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import type { EquationSystem } from "../compile/equations.js";
import { integrate } from "./integrate.js";
import type { Tolerances } from "./integrator.js";
import { type CompiledRodas5p, compileRodas5p, Rodas5p } from "./rodas5p.js";
import { compileRodas5pPair, Rodas5pPair } from "./rodas5p-pair.js";

/** A stop that all subjects have at the same time: a dose of one scheme. */
export interface PopulationStop {
  time: number;
  /** Changes a subject's state in place. */
  apply(state: Float64Array, subject: number): void;
}

export interface PopulationRun {
  from: number;
  until: number;
  subjects: number;
  /** Start and parameters of a subject. */
  stateOf: (subject: number) => ArrayLike<number>;
  parametersOf: (subject: number) => ArrayLike<number>;
  /** In order of time. An output at the time of a stop shows the state before it. */
  stops?: readonly PopulationStop[];
  outputTimes: ArrayLike<number>;
  onOutput: (subject: number, index: number, state: Float64Array) => void;
  /** Steps of a pair; default 5e6. */
  largestSteps?: number;
}

export interface PopulationOptions extends PopulationRun, Tolerances, JobOptions {}

/**
 * Solves every subject by Rodas5P on one thread, neighbours in pairs with shared steps. Throws what solvers throw,
 * `failed.too-many-steps`, `cancelled`.
 */
export async function solvePopulation(system: EquationSystem, options: PopulationOptions): Promise<void> {
  const solver = await PopulationSolver.create(system, options);
  solver.solve(options, options);
}

/** The same on a system that is compiled once, for any number of populations. */
export class PopulationSolver {
  readonly #pair: Rodas5pPair;
  readonly #singles: CompiledRodas5p;
  readonly #tolerances: Tolerances;

  private constructor(pair: Rodas5pPair, singles: CompiledRodas5p, tolerances: Tolerances) {
    this.#pair = pair;
    this.#singles = singles;
    this.#tolerances = tolerances;
  }

  static async create(system: EquationSystem, tolerances: Tolerances = {}): Promise<PopulationSolver> {
    const pair = new Rodas5pPair(await compileRodas5pPair(system), tolerances);
    return new PopulationSolver(pair, await compileRodas5p(system), tolerances);
  }

  solve(run: PopulationRun, { signal, onProgress }: JobOptions = {}): void {
    const { subjects } = run;
    for (let subject = 0; subject < subjects; subject += 2) {
      throwIfCancelled(signal);
      onProgress?.({ stage: "Subjects", done: subject, total: subjects });
      const together = subject + 1 < subjects && solvePair(this.#pair, subject, run);
      if (together) continue;
      for (let one = subject; one < Math.min(subject + 2, subjects); one++) {
        solveAlone(new Rodas5p(this.#singles, this.#tolerances), one, run, signal);
      }
    }
  }
}

function solveAlone(
  solver: Rodas5p,
  subject: number,
  options: PopulationRun,
  signal: AbortSignal | undefined,
): void {
  const { from, until, stateOf, parametersOf, stops = [], outputTimes, onOutput } = options;
  solver.reset({ time: from, state: stateOf(subject), parameters: parametersOf(subject) });
  integrate(solver, {
    until,
    outputTimes,
    onOutput: (index, _time, state) => onOutput(subject, index, state),
    stops: stops.map(({ time, apply }) => ({ time, apply: (state) => void apply(state, subject) })),
    ...(options.largestSteps === undefined ? {} : { largestSteps: options.largestSteps }),
    ...(signal ? { signal } : {}),
  });
}

/** False when the two have to go alone; their outputs are then given again. */
function solvePair(pair: Rodas5pPair, first: number, options: PopulationRun): boolean {
  const {
    from,
    until,
    stateOf,
    parametersOf,
    stops = [],
    outputTimes,
    onOutput,
    largestSteps = 5e6,
  } = options;
  const both = [first, first + 1] as const;
  const before = pair.statistics.accepted;
  let output = 0;
  const deliver = (end: number, included: boolean) => {
    for (; output < outputTimes.length; output++) {
      const time = outputTimes[output]!;
      if (included ? time > end : time >= end) return;
      for (const [lane, state] of pair.at(time).entries()) onOutput(both[lane]!, output, state);
    }
  };
  const advance = (limit: number) => {
    while (pair.time < limit) {
      pair.step(limit, output < outputTimes.length ? Math.min(limit, outputTimes[output]!) : limit);
      deliver(pair.time, pair.time < limit);
      if (pair.statistics.accepted - before <= largestSteps) continue;
      throw failedError(
        "too-many-steps",
        `The solver needed more than ${largestSteps} steps and stands at time ${pair.time} of ${until}.`,
        "Shorten the time span, loosen the tolerances, or check the model for fast oscillations.",
      );
    }
  };
  pair.reset({
    time: from,
    // What came of a pair before must not show.
    initialStep: 0,
    states: [stateOf(both[0]), stateOf(both[1])],
    parameters: [parametersOf(both[0]), parametersOf(both[1])],
  });
  try {
    for (const { time, apply } of stops) {
      if (time > until) break;
      advance(time);
      deliver(time, true);
      const states = [pair.state(0), pair.state(1)] as const;
      for (const [lane, state] of states.entries()) apply(state, both[lane]!);
      pair.reset({ states });
    }
    advance(until);
    deliver(until, true);
    return true;
  } catch (error) {
    if (error instanceof VisceraError && error.code === "failed.pair") return false;
    throw error;
  }
}
