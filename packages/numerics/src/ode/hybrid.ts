/**
 * Systems whose course is broken by events: something happens when a condition becomes true, at once or after a
 * delay, in an order of priorities. The rules are SBML's (Level 3 Version 2, section 4.11), which contain the
 * simpler ones of other formats.
 */
import { failedError, throwIfCancelled } from "@viscera/core";
import type { EquationSystem } from "../compile/equations.js";
import { compileEquations, EquationEvaluator } from "../compile/evaluator.js";
import type { Expression } from "../expression/index.js";
import { comparisons } from "./comparisons.js";
import { makeConsistent } from "./consistent.js";
import {
  type EventHost,
  type EventPlaces,
  EventQueue,
  type EventSpec,
  placeEvents,
  type RandomQuantity,
} from "./event-queue.js";
import { History } from "./history.js";
import type { Integrator, Tolerances } from "./integrator.js";

export interface HybridOptions extends Tolerances {
  from: number;
  until: number;
  state: ArrayLike<number>;
  parameters: ArrayLike<number>;
  /** Rising; the outputs there show the state after events of that time. */
  outputTimes: ArrayLike<number>;
  onOutput: (index: number, time: number, outputs: Float64Array) => void;
  /** Values of recorded quantities before the start; those of the start where left out. */
  before?: (quantity: number, time: number) => number;
  /** Makes the solver. */
  solver: (system: EquationSystem) => Promise<Integrator>;
  /** A number from 0 to 1 to choose among events of equal priority and to draw by. Default: always 0. */
  random?: () => number;
  signal?: AbortSignal;
  /** Events executed at one time; more are taken for an endless loop. Default 10000. */
  largestCascade?: number;
  largestSteps?: number;
}

/** How far before a jump by the clock a step ends, relative to the time. */
const CLOCK_MARGIN = 1e-14;
/** Points inside a step where triggers are looked at, besides its end. */
const LOOKS_A_STEP = 4;

export class HybridSystem {
  readonly #model: HybridModel;

  private constructor(model: HybridModel) {
    this.#model = model;
  }

  /**
   * Compiles equations, outputs and events. `recorded` are the quantities that `history(k, t)` means, by their
   * number k; `draws` are the parameters that are drawn anew when events compute their values.
   */
  static async create(
    bare: EquationSystem,
    events: readonly EventSpec[],
    recorded: readonly Expression[] = [],
    draws: readonly RandomQuantity[] = [],
  ): Promise<HybridSystem> {
    const history = new History(recorded.length);
    const system = recorded.length > 0 ? { ...bare, history } : bare;
    const outputs = [...(system.outputs ?? [])];
    const add = (expression: Expression) => outputs.push(expression) - 1;
    const places = placeEvents(events, add);
    const drawPlaces = draws.map((draw) => draw.arguments.map(add));
    const recordedAt = outputs.length;
    outputs.push(...recorded);
    const breakpointsAt = outputs.length;
    const { times } = comparisons({ ...system, outputs });
    const triggers = events.map(({ trigger }) => trigger);
    const { differences } = comparisons({ ...system, equations: system.equations, outputs: triggers });
    const compiled = await compileEquations({ ...system, outputs: [...outputs, ...times, ...differences] });
    return new HybridSystem({
      system,
      events,
      evaluator: new EquationEvaluator(compiled),
      places,
      draws: draws.map((draw, i) => ({ draw, places: drawPlaces[i]! })),
      recordedAt,
      breakpointsAt,
      differencesAt: breakpointsAt + times.length,
      history,
    });
  }

  /** Runs from `from` to `until`. Throws `failed.event-loop`, `failed.too-many-steps`, and what solvers throw. */
  async run(options: HybridOptions): Promise<void> {
    const solver = await options.solver(this.#model.system);
    const run = new HybridRun(this.#model, solver, options);
    run.start();
    while (solver.time < options.until) run.advance();
  }
}

/** A system ready to run: what it consists of and where its values lie among the evaluator's outputs. */
interface HybridModel {
  system: EquationSystem;
  events: readonly EventSpec[];
  evaluator: EquationEvaluator;
  places: readonly EventPlaces[];
  draws: readonly { draw: RandomQuantity; places: readonly number[] }[];
  recordedAt: number;
  breakpointsAt: number;
  differencesAt: number;
  history: History;
}

/** One course of a hybrid system. */
class HybridRun implements EventHost {
  readonly #model: HybridModel;
  readonly #solver: Integrator;
  readonly #options: HybridOptions;
  readonly #queue: EventQueue;
  #parameters: Float64Array;
  #state: Float64Array;
  #output = 0;
  #steps = 0;

  constructor(model: HybridModel, solver: Integrator, options: HybridOptions) {
    this.#model = model;
    this.#solver = solver;
    this.#options = options;
    this.#queue = new EventQueue(model.events, model.places, this, options.largestCascade);
    this.#parameters = Float64Array.from(Array.from(options.parameters));
    this.#state = Float64Array.from(Array.from(options.state));
  }

  values(time: number): Float64Array {
    return this.#model.evaluator.outputs(time, this.#state);
  }

  random(): number {
    return this.#options.random?.() ?? 0;
  }

  redraw(time: number): void {
    for (const { draw, places } of this.#model.draws) {
      const values = this.values(time);
      const drawn = draw.quantile(
        this.random(),
        places.map((at) => values[at]!),
      );
      this.#parameters[this.#model.system.parameters.indexOf(draw.symbol)] = drawn;
      this.#model.evaluator.setParameters(this.#parameters);
    }
  }

  assign(_time: number, assigned: readonly { target: string; value: number }[]): void {
    const { system, evaluator } = this.#model;
    for (const { target, value } of assigned) {
      const stateIndex = system.states.indexOf(target);
      const parameterIndex = system.parameters.indexOf(target);
      if (stateIndex >= 0) this.#state[stateIndex] = value;
      else if (parameterIndex >= 0) this.#parameters[parameterIndex] = value;
      else {
        throw failedError("event-target", `An event assigns to "${target}", which is no state or parameter.`);
      }
    }
    evaluator.setParameters(this.#parameters);
  }

  /** Everything up to and at the first moment. */
  start(): void {
    const { evaluator, history, recordedAt, breakpointsAt } = this.#model;
    const { from, before } = this.#options;
    evaluator.setParameters(this.#parameters);
    let initial: Float64Array = new Float64Array(breakpointsAt - recordedAt);
    history.start(before ?? ((quantity) => initial[quantity]!));
    initial = this.#recorded(from, this.#state).slice();
    makeConsistent(evaluator, from, this.#state);
    initial = this.#recorded(from, this.#state).slice();
    this.#solver.reset({ time: from, state: this.#state, parameters: this.#parameters });
    this.#settle(from);
    this.#deliver(
      (time) => time <= from,
      () => this.#state,
    );
  }

  /** One step of the solver, or the part of it up to the first event, and what happens there. */
  advance(): void {
    const solver = this.#solver;
    this.#count();
    const jump = this.#nextBreakpoint(solver.time);
    const due = Math.min(this.#options.until, jump, this.#queue.due);
    // The last stages of a step look at its very end, where a jump has happened already.
    const margin = due === jump ? CLOCK_MARGIN * Math.max(Math.abs(due), Math.abs(solver.time)) : 0;
    const began = solver.time;
    if (due - margin > began) solver.step(due - margin);
    const clock = margin > 0 && solver.time >= due - margin ? due : solver.time;
    const before = this.#state;
    const stateAt = (time: number) => (time === began ? before : solver.at(Math.min(time, solver.time)));
    const record = (until: number) =>
      this.#model.history.record(began, until, (at) => this.#recorded(at, stateAt(at)));
    // Triggers may ask for values of this very step.
    const delayed = this.#model.breakpointsAt > this.#model.recordedAt;
    if (delayed) record(clock);
    const time = this.#firstChange(stateAt, began, clock) ?? clock;
    this.#deliver((at) => at < time, stateAt);
    if (delayed && time !== clock) {
      this.#model.history.drop();
      record(time);
    }
    this.#state = began === solver.time ? before : solver.at(Math.min(time, solver.time));
    if (time !== solver.time) solver.reset({ time, state: this.#state });
    this.#settle(time);
    this.#deliver(
      (at) => at <= time,
      () => this.#state,
    );
  }

  #count(): void {
    const { signal, largestSteps = 5e6, until } = this.#options;
    if ((++this.#steps & 1023) === 0) throwIfCancelled(signal);
    if (this.#steps <= largestSteps) return;
    throw failedError(
      "too-many-steps",
      `The solver needed more than ${this.#steps - 1} steps and stands at time ${this.#solver.time} of ${until}.`,
      "Shorten the time span, loosen the tolerances, or check the model for fast oscillations.",
    );
  }

  #recorded(time: number, state: Float64Array): Float64Array {
    return this.#model.evaluator.outputs(time, state).subarray(this.#model.recordedAt);
  }

  #deliver(reached: (time: number) => boolean, stateAt: (time: number) => Float64Array): void {
    const { outputTimes, onOutput } = this.#options;
    const { evaluator, system } = this.#model;
    for (; this.#output < outputTimes.length && reached(outputTimes[this.#output]!); this.#output++) {
      const time = outputTimes[this.#output]!;
      const values = evaluator.outputs(time, stateAt(time));
      onOutput(this.#output, time, values.slice(0, system.outputs?.length ?? 0));
    }
  }

  #settle(time: number): void {
    const before = this.#parameters.slice();
    if (!this.#queue.settle(time)) return;
    makeConsistent(this.#model.evaluator, time, this.#state);
    const changed = this.#parameters.some((value, i) => !Object.is(value, before[i]));
    this.#solver.reset({
      time,
      state: this.#state,
      ...(changed ? { parameters: this.#parameters } : {}),
    });
  }

  /** The first time after `after` at which some right-hand side or trigger may jump by the clock alone. */
  #nextBreakpoint(after: number): number {
    const { breakpointsAt, differencesAt } = this.#model;
    const values = this.values(after).subarray(breakpointsAt, differencesAt);
    let next = Number.POSITIVE_INFINITY;
    for (const value of values) if (value > after && value < next) next = value;
    return next;
  }

  /** The earliest time from `began` to `ended` at which a trigger is not what it was; null if none. */
  #firstChange(stateAt: (time: number) => Float64Array, began: number, ended: number): number | null {
    const { events, evaluator, differencesAt } = this.#model;
    if (events.length === 0) return null;
    const values = (time: number) => evaluator.outputs(time, stateAt(time));
    const changed = (time: number) => this.#queue.changed(values(time));
    const differences = (time: number) => values(time).slice(differencesAt);
    let low = began;
    let below = differences(low);
    for (let look = 1; look <= LOOKS_A_STEP; look++) {
      const high = look === LOOKS_A_STEP ? ended : began + (look / LOOKS_A_STEP) * (ended - began);
      if (!(high > low)) continue;
      const above = differences(high);
      // Where a comparison turns, a condition may hold for less than the distance of two looks.
      const turns = [...below.keys()]
        .filter((i) => below[i]! < 0 !== above[i]! < 0)
        .map((i) => firstWhere(low, high, (time) => differences(time)[i]! < 0 === above[i]! < 0))
        .sort((a, b) => a - b);
      for (const time of [...turns, high]) {
        if (changed(time)) return firstWhere(low, time, changed);
        // A strict comparison holds just after its turn.
        const after = nextUp(time);
        if (after < high && changed(after)) return after;
        low = time;
      }
      low = high;
      below = above;
    }
    return null;
  }
}

/** The first of the numbers from `low` (where it does not hold) to `high` (where it does) at which it holds. */
function firstWhere(low: number, high: number, holds: (time: number) => boolean): number {
  let [before, after] = [low, high];
  for (;;) {
    const middle = before + (after - before) / 2;
    if (!(middle > before && middle < after)) return after;
    if (holds(middle)) after = middle;
    else before = middle;
  }
}

/** A number a few units in the last place larger. */
export function nextUp(value: number): number {
  return value + 4 * Number.EPSILON * Math.max(Math.abs(value), Number.MIN_VALUE / Number.EPSILON);
}
