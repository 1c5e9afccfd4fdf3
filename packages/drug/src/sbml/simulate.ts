import { inputError, RandomStream } from "@viscera/core";
import {
  call,
  compileRodas5p,
  type EquationSystem,
  type EventSpec,
  type Expression,
  HybridSystem,
  number,
  Rodas5p,
  symbol,
  type Tolerances,
} from "@viscera/numerics";
import { type InitialValues, initialValues } from "./initial-values.js";
import { type SbmlModel, TIME_SYMBOL } from "./model.js";
import { fastEquations, meansAmount, type SbmlEquations, sbmlEquations } from "./variables.js";

/** What to give of a variable: its symbol's value, or, of a species, its amount or concentration. */
export interface SbmlOutput {
  variable: string;
  quantity: "symbol" | "amount" | "concentration";
}

export interface SbmlTimeCourse extends Tolerances {
  start: number;
  /** Rising times from the start on. */
  times: ArrayLike<number>;
  outputs: readonly SbmlOutput[];
  /** Chooses among events of one priority at one time; default: draws from a stream of the seed. */
  random?: () => number;
  /** Default 1. */
  seed?: number;
  signal?: AbortSignal;
}

/** Rows of values in the order of the outputs, one a time. Throws `input.sbml` for an unknown variable. */
export async function simulateSbml(model: SbmlModel, options: SbmlTimeCourse): Promise<Float64Array[]> {
  const equations = sbmlEquations(model);
  const states = [...equations.states.keys()];
  const parameters = [...equations.constants];
  const system: EquationSystem = {
    states,
    parameters,
    time: TIME_SYMBOL,
    equations: [...equations.states.values()],
    algebraic: states.map((name) => equations.algebraic.has(name)),
    definitions: equations.definitions,
    outputs: options.outputs.map((output) => outputOf(output, model, equations)),
  };
  const initial = initialValues(model, equations, options.start);
  const events = model.events.flatMap((event) => eventOf(event, model, equations));
  const hybrid = await HybridSystem.create(system, events, model.recorded);
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
  await hybrid.run({
    from: options.start,
    until: times[times.length - 1]!,
    state: await inEquilibrium(state, constants, system, fastEquations(model, equations), options.start),
    parameters: constants,
    before: initial.before,
    outputTimes: times,
    onOutput: (index, _, values) => {
      rows[index] = values;
    },
    solver: async (compiledSystem) => {
      const compiled = await compileRodas5p(compiledSystem);
      const { relative = 1e-7, absolute = 1e-12 } = options;
      return new Rodas5p(compiled, { relative, absolute, largestStep });
    },
    random: options.random ?? drawFrom(options.seed ?? 1),
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

function drawFrom(seed: number): () => number {
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

function outputOf(
  { variable, quantity }: SbmlOutput,
  model: SbmlModel,
  equations: SbmlEquations,
): Expression {
  const { states, constants, definitions, amountOf } = equations;
  const species = model.species.find(({ id }) => id === variable);
  if (!species) {
    if (states.has(variable) || constants.has(variable) || definitions.has(variable)) return symbol(variable);
    throw inputError(
      "sbml",
      `The model has no variable "${variable}".`,
      `It has ${listed([...model.species, ...model.parameters, ...model.compartments].map(({ id }) => id))}.`,
    );
  }
  const amount = meansAmount(model, species);
  if (quantity === "symbol" || (quantity === "amount") === amount) return symbol(variable);
  if (quantity === "concentration") return call("div", variable, species.compartment);
  const kept = amountOf.get(variable);
  return kept === undefined ? call("mul", variable, species.compartment) : symbol(kept);
}

function listed(names: readonly string[]): string {
  const shown = names.filter((name) => !name.includes("#")).slice(0, 12);
  return shown.length === 0 ? "none" : shown.join(", ");
}

function eventOf(
  event: SbmlModel["events"][number],
  model: SbmlModel,
  { amountOf, states, constants }: SbmlEquations,
): EventSpec[] {
  if (!event.trigger) return [];
  const formulas = new Map(
    event.assignments.flatMap(({ variable, math }) => (math ? [[variable, math] as const] : [])),
  );
  const assignments = [...formulas].map(([variable, math]) => {
    const amount = amountOf.get(variable);
    if (amount === undefined) {
      if (states.has(variable) || constants.has(variable)) return { target: variable, value: math };
      throw inputError("sbml", `An event assigns to "${variable}", which cannot be assigned to.`);
    }
    // A concentration is assigned in the compartment as it was; what it holds stays when its size jumps.
    const { compartment } = model.species.find(({ id }) => id === variable)!;
    return { target: amount, value: call("mul", math, compartment) };
  });
  // The same for concentrations that are kept as such.
  for (const species of model.species) {
    const { id, compartment } = species;
    const size = formulas.get(compartment);
    if (!size || amountOf.has(id) || !states.has(id) || meansAmount(model, species)) continue;
    const own = assignments.find(({ target }) => target === id);
    const value = call("div", call("mul", own?.value ?? id, compartment), size);
    if (own) own.value = value;
    else assignments.push({ target: id, value });
  }
  return [
    {
      trigger: event.trigger,
      delay: event.delay ?? number(0),
      ...(event.priority ? { priority: event.priority } : {}),
      persistent: event.persistent,
      initiallyTrue: event.initialValue,
      valuesFromTriggerTime: event.useValuesFromTriggerTime,
      assignments,
    },
  ];
}
