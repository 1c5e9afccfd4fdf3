import { RandomStream } from "@viscera/core";
import {
  chooseSolver,
  compileRodas5p,
  createSolver,
  type EquationSystem,
  type Expression,
  HybridSystem,
  Rodas5p,
  type SolverName,
  type SolverProblem,
  symbol,
  type Tolerances,
} from "@viscera/numerics";
import { checkDraws, drawSymbols, randomQuantities } from "./draws.js";
import { eventOf } from "./events.js";
import { type InitialValues, initialValues } from "./initial-values.js";
import { type SbmlModel, TIME_SYMBOL } from "./model.js";
import { outputOf, type SbmlOutput } from "./outputs.js";
import { fastEquations, sbmlEquations } from "./variables.js";

export interface SbmlTimeCourse extends Tolerances {
  start: number;
  /** Rising times from the start on. */
  times: ArrayLike<number>;
  outputs: readonly SbmlOutput[];
  /** Chooses among events of one priority at one time and draws from distributions; default: draws from a stream of the seed. */
  random?: () => number;
  /** Default 1. */
  seed?: number;
  /** Default: the one that suits the equations (`chooseSolver`); Rodas5P where events or delays break the course. */
  solver?: SolverName;
  signal?: AbortSignal;
}

/** Rows of values in the order of the outputs, one a time. Throws `input.sbml` for an unknown variable. */
export async function simulateSbml(model: SbmlModel, options: SbmlTimeCourse): Promise<Float64Array[]> {
  const equations = sbmlEquations(model);
  const states = [...equations.states.keys()];
  checkDraws(model);
  const parameters = [...equations.constants, ...drawSymbols(model)];
  const random = options.random ?? drawsOf(options.seed ?? 1);
  const system: EquationSystem = {
    states,
    parameters,
    time: TIME_SYMBOL,
    equations: [...equations.states.values()],
    algebraic: states.map((name) => equations.algebraic.has(name)),
    definitions: equations.definitions,
    outputs: options.outputs.map((output) => outputOf(output, model, equations)),
  };
  const initial = initialValues(model, equations, options.start, random);
  const events = model.events.flatMap((event) => eventOf(event, model, equations));
  const hybrid = await HybridSystem.create(system, events, model.recorded, randomQuantities(model));
  const rows: Float64Array[] = [];
  const { times } = options;
  // What is recorded for delays may vary where no state does, and no error tells.
  const span = times[times.length - 1]! - options.start;
  const largestStep =
    model.recorded.length === 0
      ? Number.POSITIVE_INFINITY
      : Math.min(smallestLag(model, initial), span / DELAY_STEPS);
  const state = states.map((name) => guessed(initial.valueOf(name), equations.algebraic.has(name)));
  const constants = parameters.map(initial.valueOf);
  const until = times[times.length - 1]!;
  const problem: SolverProblem = {
    from: options.start,
    until,
    state: await inEquilibrium(state, constants, system, fastEquations(model, equations), options.start),
    parameters: constants,
    relative: options.relative ?? 1e-7,
    absolute: options.absolute ?? 1e-12,
    largestStep,
  };
  const isBroken = events.length > 0 || model.recorded.length > 0;
  await hybrid.run({
    from: options.start,
    until,
    state: problem.state,
    parameters: constants,
    before: initial.before,
    outputTimes: times,
    onOutput: (index, _, values) => {
      rows[index] = values;
    },
    solver: async (whole) => {
      const suited = isBroken ? "rodas5p" : await chooseSolver(whole, problem);
      return createSolver(options.solver ?? suited, whole, problem);
    },
    random,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return rows;
}

/** Steps in a run with delays, at the least. */
const DELAY_STEPS = 200;
/** Pseudo-time after which fast reactions are taken to rest. */
const REST = 1e3;

/** The state in which fast reactions have come to rest. */
async function inEquilibrium(
  state: number[],
  parameters: number[],
  system: EquationSystem,
  fast: Map<string, Expression> | null,
  start: number,
): Promise<ArrayLike<number>> {
  if (!fast) return state;
  // The clock stands still: the pseudo-time has another symbol.
  const equations = [...fast.values()];
  const parametersAndTime = [...system.parameters, system.time];
  const { outputs: _, ...rest } = system;
  const hybrid = await HybridSystem.create(
    {
      ...rest,
      equations,
      parameters: parametersAndTime,
      time: "#pseudo-time",
      outputs: system.states.map(symbol),
    },
    [],
  );
  let reached: ArrayLike<number> = state;
  await hybrid.run({
    from: 0,
    until: REST,
    state,
    parameters: [...parameters, start],
    outputTimes: [REST],
    onOutput: (_index, _time, values) => {
      reached = values;
    },
    solver: async (model) => new Rodas5p(await compileRodas5p(model), { relative: 1e-9, absolute: 1e-14 }),
  });
  return reached;
}

function drawsOf(seed: number): () => number {
  const stream = new RandomStream(seed, "drug.sbml.events");
  let step = 0;
  return () => stream.uniform(step++, 0);
}

/** Steps must not reach into the time that a delay asks for; lags that change are taken at the start. */
function smallestLag(model: SbmlModel, initial: InitialValues): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const lag of model.lags) {
    const value = initial.evaluate(lag);
    if (value > 0) smallest = Math.min(smallest, value);
  }
  return smallest;
}

/** A first guess for an algebraic unknown without a value. */
function guessed(value: number, algebraic: boolean): number {
  return algebraic && Number.isNaN(value) ? 1 : value;
}
