/** Exact stochastic simulation of a model: its amounts as numbers of particles, its rates as probabilities. */
import { inputError, type JobOptions, RandomStream, throwIfCancelled } from "@viscera/core";
import {
  call,
  type Expression,
  JumpProcess,
  type JumpReaction,
  number,
  StratifiedUniforms,
  symbol,
} from "@viscera/numerics";
import { checkDraws, drawSymbols, randomQuantities } from "./draws.js";
import { eventOf } from "./events.js";
import { initialValues } from "./initial-values.js";
import { type SbmlModel, TIME_SYMBOL } from "./model.js";
import { Moments } from "./moments.js";
import { outputOf, type SbmlOutput } from "./outputs.js";
import { sbmlEquations, stoichiometryOf } from "./variables.js";

export interface SbmlReplicates {
  start: number;
  /** Rising times from the start on. */
  times: ArrayLike<number>;
  /** With `logarithm`, its logarithm, and 0 where it has none (as the test suite counts). */
  outputs: readonly (SbmlOutput & { logarithm?: boolean })[];
  /** How many in all. */
  replicates: number;
  /** Default 1. */
  seed?: number;
}

/** Runs the replicates from `first` to before `end`. Throws what `JumpProcess.run` throws. */
export type ReplicateRunner = (first: number, end: number, job?: JobOptions) => Moments;

/**
 * Means and variances over all replicates of every output at every time, time by time. Reactions happen at random
 * (Gillespie's direct method); values of distributions are drawn once by every replicate, spread evenly over all
 * replicates. A replicate depends on the seed, its number and how many there are, and on nothing else.
 */
export async function simulateReplicates(
  model: SbmlModel,
  options: SbmlReplicates & JobOptions,
): Promise<Moments> {
  const run = await replicateRunner(model, options);
  return run(0, options.replicates, options);
}

/**
 * Prepares a model for running its replicates in parts, whose moments can be merged. Throws `input.sbml`,
 * `input.jump-process` for what is not simulated exactly: rates that change between jumps, algebraic rules, delayed
 * values.
 */
export async function replicateRunner(model: SbmlModel, options: SbmlReplicates): Promise<ReplicateRunner> {
  const { start, times, replicates, seed = 1 } = options;
  checkDraws(model);
  const equations = sbmlEquations(model);
  if (equations.algebraic.size > 0) throw refused("algebraic rules");
  if (model.recorded.length > 0) throw refused("delayed values");
  const variables = [...equations.states.keys(), ...equations.constants, ...drawSymbols(model)];
  const byRule = new Set(model.rules.flatMap((rule) => (rule.kind === "rate" ? [rule.variable] : [])));
  const process = await JumpProcess.create({
    variables,
    time: TIME_SYMBOL,
    slopes: new Map([...equations.states].filter(([name]) => byRule.has(name))),
    definitions: equations.definitions,
    reactions: model.reactions.map((reaction) => jumpsOf(reaction, model, equations)),
    events: model.events.flatMap((event) => eventOf(event, model, equations)),
    draws: randomQuantities(model),
    outputs: options.outputs.map((output) => {
      const value = outputOf(output, model, equations);
      return output.logarithm ? call("select", call("lt", 0, value), call("ln", value), 0) : value;
    }),
  });
  const width = options.outputs.length;
  const reactionStream = new RandomStream(seed, "drug.sbml.reactions");
  const strata = new StratifiedUniforms(seed, "drug.sbml.draws", replicates);
  const row = new Float64Array(times.length * width);
  const runOne = (replicate: number, signal: AbortSignal | undefined) => {
    let step = 0;
    let draw = 0;
    const drawUniform = () => strata.uniform(draw++, replicate);
    const initial = initialValues(model, equations, start, drawUniform);
    process.run({
      from: start,
      until: times[times.length - 1]!,
      start: variables.map(initial.valueOf),
      outputTimes: times,
      onOutput: (index, values) => {
        for (let i = 0; i < width; i++) row[index * width + i] = values[i]!;
      },
      uniform: () => reactionStream.uniform(step++, replicate),
      drawUniform,
      ...(signal ? { signal } : {}),
    });
  };
  return (first, end, { signal, onProgress } = {}) => {
    const moments = new Moments(row.length);
    for (let replicate = first; replicate < end; replicate++) {
      throwIfCancelled(signal);
      runOne(replicate, signal);
      moments.add(row);
      if (replicate % 100 === 0) {
        onProgress?.({ stage: "Replicates", done: replicate - first, total: end - first });
      }
    }
    return moments;
  };
}

function refused(what: string): Error {
  return inputError(
    "sbml",
    `The model has ${what}, which stochastic simulation does not know.`,
    "Simulate its time course with concentrations instead.",
  );
}

/** What one firing of a reaction does to the amounts that are kept. */
function jumpsOf(
  { id, reactants, products }: SbmlModel["reactions"][number],
  model: SbmlModel,
  equations: ReturnType<typeof sbmlEquations>,
): JumpReaction {
  const totals = new Map<string, Expression>();
  for (const [list, sign] of [
    [reactants, -1],
    [products, 1],
  ] as const) {
    for (const reference of list) {
      const species = model.species.find((item) => item.id === reference.species);
      const target = equations.amountOf.get(reference.species) ?? reference.species;
      if (!species || species.boundaryCondition || species.constant || !equations.states.has(target))
        continue;
      const amount = stoichiometryOf(reference);
      const signed = amount.kind === "number" ? number(sign * amount.value) : call("mul", sign, amount);
      const by = species.conversionFactor ? call("mul", species.conversionFactor, signed) : signed;
      const before = totals.get(target);
      totals.set(target, before ? added(before, by) : by);
    }
  }
  return {
    propensity: symbol(id),
    changes: [...totals].map(([target, by]) => ({ target, by })),
  };
}

function added(a: Expression, b: Expression): Expression {
  return a.kind === "number" && b.kind === "number" ? number(a.value + b.value) : call("add", a, b);
}
