/**
 * Systems that change by jumps: reactions at random times (Gillespie's direct method, doi:10.1021/j100540a008) and
 * events. Between jumps variables stand still or go along straight lines, so that every course is exact.
 */
import { failedError, inputError, throwIfCancelled } from "@viscera/core";
import { type CompiledSystem, compileSystem, instantiateSystem } from "../compile/compile-system.js";
import { buildEquationGraph, type EquationSystem } from "../compile/equations.js";
import { call, Differentiator, type Expression, number, symbol } from "../expression/index.js";
import { comparisons } from "../ode/comparisons.js";
import {
  type EventHost,
  type EventPlaces,
  EventQueue,
  type EventSpec,
  placeEvents,
  type RandomQuantity,
} from "../ode/event-queue.js";

export interface JumpReaction {
  /** Expected firings per time; constant between jumps but for switches by the clock. */
  propensity: Expression;
  /** What a firing adds to variables. */
  changes: readonly { target: string; by: Expression }[];
}

export interface JumpSystem {
  /** Everything that has a value of its own: amounts, parameters, symbols of draws. */
  variables: readonly string[];
  time: string;
  /** Rates of change of variables between jumps; they have to be constant there. */
  slopes?: ReadonlyMap<string, Expression>;
  definitions: ReadonlyMap<string, Expression>;
  reactions: readonly JumpReaction[];
  events: readonly EventSpec[];
  draws: readonly RandomQuantity[];
  outputs: readonly Expression[];
}

export interface JumpOptions {
  from: number;
  until: number;
  /** Values at the start, in the order of the variables. */
  start: ArrayLike<number>;
  /** Rising; the outputs there show the state after events of that time. */
  outputTimes: ArrayLike<number>;
  /** The values are valid during the call only. */
  onOutput: (index: number, outputs: Float64Array) => void;
  /** The next number from [0, 1) for reactions and for choosing among events. */
  uniform: () => number;
  /** The next number from [0, 1) for draws. */
  drawUniform: () => number;
  signal?: AbortSignal;
  /** Jumps in a run; default 1e9. */
  largestJumps?: number;
}

/** Compiled values with the variables and the time in place. */
class Values {
  readonly state: Float64Array;
  readonly #memory: Float64Array;
  readonly #timeAt: number;
  readonly #outputs: Float64Array;
  readonly #observe: (base: number) => void;

  constructor(compiled: CompiledSystem<null>) {
    const { regions, slots } = compiled;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * slots) / 65536) });
    const functions = instantiateSystem(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, slots);
    const view = ({ start, length }: { start: number; length: number }) =>
      this.#memory.subarray(start, start + length);
    this.state = view(regions.states);
    this.#outputs = view(regions.outputs);
    this.#timeAt = regions.time.start;
    this.#observe = functions.observe;
    functions.prepare(0);
  }

  at(time: number): Float64Array {
    this.#memory[this.#timeAt] = time;
    this.#observe(0);
    return this.#outputs;
  }
}

/** Symbol of the time of the last jump, where straight lines begin. */
const SINCE = "#since";
const JUMPS_A_LOOK = 16384;
/** How far after a turn by the clock conditions are looked at again, in units of the last place. */
const LOOKS_BEHIND = [4, 1e3, 1e6];

/** What a firing does to one variable; `by` is computed where `place` is not negative. */
interface Change {
  variable: number;
  by: number;
  place: number;
}

/** A system ready to run, and where its values lie among those computed besides propensities. */
interface JumpModel {
  system: JumpSystem;
  propensities: Values;
  values: Values;
  /** Per reaction. */
  changes: readonly (readonly Change[])[];
  places: readonly EventPlaces[];
  draws: readonly (readonly number[])[];
  /** Variables on straight lines, and where their values now lie. */
  lines: readonly { variable: number; place: number }[];
  breakpointsAt: number;
}

export class JumpProcess {
  readonly #model: JumpModel;

  private constructor(model: JumpModel) {
    this.#model = model;
  }

  /** Compiles a system. Throws `input.jump-process` where it does not go along straight lines between jumps. */
  static async create(system: JumpSystem): Promise<JumpProcess> {
    const slopes = system.slopes ?? new Map<string, Expression>();
    const variables = [...system.variables.map((name) => (slopes.has(name) ? keptName(name) : name)), SINCE];
    const definitions = new Map(system.definitions);
    for (const [name, slope] of slopes) {
      const passed = call("sub", system.time, SINCE);
      definitions.set(name, call("add", keptName(name), call("mul", slope, passed)));
    }
    const base = { parameters: [], time: system.time, definitions };
    const propensities = system.reactions.map(({ propensity }) => propensity);
    const known = { ...base, states: [], equations: [], parameters: variables };
    checkConstant({ ...known, outputs: [...propensities, ...slopes.values()] });
    const outputs: Expression[] = [...system.outputs];
    const add = (expression: Expression) => outputs.push(expression) - 1;
    const places = placeEvents(system.events, add);
    const draws = system.draws.map((draw) => draw.arguments.map(add));
    const variableOf = (name: string) => {
      const index = system.variables.indexOf(name);
      if (index >= 0) return index;
      throw inputError("jump-process", `A reaction changes "${name}", which is no variable.`);
    };
    const lines = [...slopes.keys()].map((name) => ({
      variable: variableOf(name),
      place: add(symbol(name)),
    }));
    const changes = system.reactions.map((reaction) =>
      reaction.changes.map(({ target, by }): Change => {
        const variable = variableOf(target);
        return by.kind === "number"
          ? { variable, by: by.value, place: -1 }
          : { variable, by: Number.NaN, place: add(by) };
      }),
    );
    const { times } = comparisons({ ...known, outputs: [...outputs, ...propensities] });
    const compile = async (list: readonly Expression[]) => {
      const equations = variables.map(() => number(0));
      return new Values(
        await compileSystem({ ...base, states: variables, equations, outputs: list }, () => null),
      );
    };
    return new JumpProcess({
      system,
      propensities: await compile(propensities),
      values: await compile([...outputs, ...times]),
      changes,
      places,
      draws,
      lines,
      breakpointsAt: outputs.length,
    });
  }

  /**
   * One course. Throws `failed.propensity` for a reaction with a negative or unknown rate, `failed.too-many-steps`,
   * `failed.event-loop`, `cancelled`.
   */
  run(options: JumpOptions): void {
    new JumpRun(this.#model, options).run();
  }
}

/** Name of the value that a variable on a straight line had at the last jump. */
function keptName(name: string): string {
  return `${name}#kept`;
}

function checkConstant(system: EquationSystem): void {
  const { graph, outputs } = buildEquationGraph(system);
  const byTime = new Differentiator(graph, [system.time]);
  if (outputs.every((node) => graph.constant(byTime.derivative(node, 0)) === 0)) return;
  throw inputError(
    "jump-process",
    "The rate of a reaction, or of a variable with a rate of its own, changes between two jumps.",
    "Exact stochastic simulation needs rates that only reactions and events change.",
  );
}

/** One course of a jump process. */
class JumpRun implements EventHost {
  readonly #model: JumpModel;
  readonly #options: JumpOptions;
  readonly #queue: EventQueue;
  readonly #since: number;
  /** The part of the values that is given out. */
  readonly #outputs: Float64Array;
  #time: number;
  #output = 0;
  #jumps = 0;

  constructor(model: JumpModel, options: JumpOptions) {
    this.#model = model;
    this.#options = options;
    this.#queue = new EventQueue(model.system.events, model.places, this);
    this.#since = model.system.variables.length;
    this.#outputs = model.values.at(options.from).subarray(0, model.system.outputs.length);
    this.#time = options.from;
    for (let i = 0; i < this.#since; i++) this.#set(i, options.start[i]!);
    this.#set(this.#since, options.from);
  }

  #set(variable: number, value: number): void {
    this.#model.values.state[variable] = value;
    this.#model.propensities.state[variable] = value;
  }

  values(time: number): Float64Array {
    return this.#model.values.at(time);
  }

  random(): number {
    return this.#options.uniform();
  }

  redraw(time: number): void {
    const { system, draws } = this.#model;
    for (const [i, draw] of system.draws.entries()) {
      const values = this.values(time);
      const drawn = draw.quantile(
        this.#options.drawUniform(),
        draws[i]!.map((at) => values[at]!),
      );
      this.#set(system.variables.indexOf(draw.symbol), drawn);
    }
  }

  assign(time: number, assigned: readonly { target: string; value: number }[]): void {
    this.#straighten(time);
    for (const { target, value } of assigned) {
      const variable = this.#model.system.variables.indexOf(target);
      if (variable < 0)
        throw failedError("event-target", `An event assigns to "${target}", which is no variable.`);
      this.#set(variable, value);
    }
  }

  /** Begins all straight lines anew at a time. */
  #straighten(time: number): void {
    const { lines } = this.#model;
    if (lines.length === 0) return;
    const values = this.values(time);
    for (const { variable, place } of lines) this.#set(variable, values[place]!);
    this.#set(this.#since, time);
  }

  run(): void {
    const { until } = this.#options;
    const hasEvents = this.#model.system.events.length > 0;
    this.#queue.settle(this.#time);
    this.#deliver(this.#time, true);
    while (this.#time < until) {
      const breakpoint = this.#nextBreakpoint();
      const limit = Math.min(until, breakpoint, this.#queue.due);
      const fired = this.#react(limit, hasEvents || this.#model.lines.length > 0);
      if (hasEvents && (this.#time >= this.#queue.due || this.#queue.changed(this.values(this.#time)))) {
        this.#queue.settle(this.#time);
      }
      this.#deliver(this.#time, true);
      if (hasEvents && !fired && limit === breakpoint) this.#lookBehind();
    }
  }

  /** A strict comparison holds just after its turn, and rounding may put any turn a little off. */
  #lookBehind(): void {
    for (const units of LOOKS_BEHIND) {
      const after = this.#time + units * Number.EPSILON * Math.max(Math.abs(this.#time), Number.MIN_VALUE);
      if (!this.#queue.changed(this.values(after))) continue;
      this.#time = Math.min(after, this.#options.until);
      this.#queue.settle(after);
      return;
    }
  }

  #nextBreakpoint(): number {
    const { values, breakpointsAt } = this.#model;
    const all = values.at(this.#time);
    const after = this.#time + LOOKS_BEHIND[0]! * Number.EPSILON * Math.abs(this.#time);
    let next = Number.POSITIVE_INFINITY;
    for (let i = breakpointsAt; i < all.length; i++) {
      if (all[i]! > after && all[i]! < next) next = all[i]!;
    }
    return next;
  }

  /** Outputs before a time (with `included`, also at it), which no jump lies before. */
  #deliver(time: number, included: boolean): void {
    const { outputTimes, onOutput } = this.#options;
    for (; this.#output < outputTimes.length; this.#output++) {
      const at = outputTimes[this.#output]!;
      if (included ? at > time : at >= time) return;
      this.values(at);
      onOutput(this.#output, this.#outputs);
    }
  }

  /** Lets reactions happen up to a time, or, with `single`, until one has; true when one has then. */
  #react(limit: number, single: boolean): boolean {
    const { propensities, changes } = this.#model;
    const { uniform } = this.#options;
    const count = changes.length;
    for (;;) {
      let total = 0;
      if (count > 0) {
        const rates = propensities.at(this.#time);
        for (let r = 0; r < count; r++) total += rates[r]!;
        if (!this.#allowed(rates, total)) return false;
        if (total > 0) {
          // One number chooses the reaction; where it lies within that one's share is uniform again.
          let rest = uniform() * total;
          let reaction = 0;
          for (; reaction < count - 1 && rest >= rates[reaction]!; reaction++) rest -= rates[reaction]!;
          const share = Math.min(1 - Number.EPSILON / 2, Math.max(0, rest / rates[reaction]!));
          const next = this.#time - Math.log1p(-share) / total;
          if (next < limit) {
            this.#deliver(next, false);
            this.#fire(reaction, next);
            if (single) return true;
            continue;
          }
        }
      }
      this.#deliver(limit, false);
      this.#straighten(limit);
      this.#time = limit;
      return false;
    }
  }

  /** Throws for a reaction that cannot have a probability. */
  #allowed(rates: Float64Array, total: number): boolean {
    let bad = total < Number.POSITIVE_INFINITY ? -1 : 0;
    for (let r = 0; r < this.#model.changes.length; r++) if (!(rates[r]! >= 0)) bad = r;
    if (bad < 0) return true;
    throw failedError(
      "propensity",
      `Reaction ${bad + 1} has the rate ${rates[bad]} at time ${this.#time}.`,
      "Stochastic simulation needs rates from 0 on; write a reversible reaction as two.",
    );
  }

  #fire(reaction: number, time: number): void {
    const { values, lines } = this.#model;
    const list = this.#model.changes[reaction]!;
    const computed = list.some(({ place }) => place >= 0) ? values.at(time).slice() : null;
    if (lines.length > 0) this.#straighten(time);
    for (const { variable, by, place } of list) {
      this.#set(variable, values.state[variable]! + (place >= 0 ? computed![place]! : by));
    }
    this.#time = time;
    this.#jumps++;
    if (this.#jumps % JUMPS_A_LOOK === 0) throwIfCancelled(this.#options.signal);
    const { largestJumps = 1e9 } = this.#options;
    if (this.#jumps <= largestJumps) return;
    throw failedError(
      "too-many-steps",
      `More than ${largestJumps} reactions happened up to time ${time} of ${this.#options.until}.`,
      "Shorten the time span, or simulate so many particles by their concentrations.",
    );
  }
}
