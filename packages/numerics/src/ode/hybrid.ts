/**
 * Systems whose course is broken by events: something happens when a condition becomes true, at once or after a
 * delay, in an order of priorities. The rules are SBML's (Level 3 Version 2, section 4.11), which contain the
 * simpler ones of other formats.
 */
import { failedError, throwIfCancelled } from "@viscera/core";
import type { EquationSystem } from "../compile/equations.js";
import { compileEquations, EquationEvaluator } from "../compile/evaluator.js";
import { type Expression, number } from "../expression/index.js";
import { comparisons } from "./comparisons.js";
import { makeConsistent } from "./consistent.js";
import { History } from "./history.js";
import type { Integrator, Tolerances } from "./integrator.js";

export interface EventSpec {
  /** True (not 0) when the event's condition holds. */
  trigger: Expression;
  /** Time between trigger and execution; 0 where left out. */
  delay?: Expression;
  /** The event of the highest priority goes first; those without come last. */
  priority?: Expression;
  /** False: a trigger that becomes false again before execution calls the event off. Default true. */
  persistent?: boolean;
  /** Whether the trigger counts as true before the start; false lets it fire at the start. Default true. */
  initiallyTrue?: boolean;
  /** Whether assigned values are computed when triggered or when executed. Default true. */
  valuesFromTriggerTime?: boolean;
  /** All values are computed before any is assigned. Targets are states or parameters. */
  assignments: readonly { target: string; value: Expression }[];
}

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
  /** A number from 0 to 1 to choose among events of equal priority. Default: always the first. */
  random?: () => number;
  signal?: AbortSignal;
  /** Events executed at one time; more are taken for an endless loop. Default 10000. */
  largestCascade?: number;
  largestSteps?: number;
}

/** Where an event's expressions lie in the evaluator's outputs. */
interface EventPlaces {
  trigger: number;
  delay: number;
  priority: number;
  values: number[];
}

interface Pending {
  event: number;
  time: number;
  /** Values computed at trigger time. */
  values: number[] | null;
}

/** How far before a jump by the clock a step ends, relative to the time. */
const CLOCK_MARGIN = 1e-14;
/** Points inside a step where triggers are looked at, besides its end. */
const LOOKS_A_STEP = 4;

export class HybridSystem {
  readonly #system: EquationSystem;
  readonly #events: readonly EventSpec[];
  readonly #outputs: number;
  readonly #evaluator: EquationEvaluator;
  readonly #places: readonly EventPlaces[];
  readonly #breakpoints: number;
  readonly #recorded: number;
  readonly #differences: number;
  readonly #history: History;
  #parameters: Float64Array = new Float64Array();

  private constructor(
    system: EquationSystem,
    events: readonly EventSpec[],
    evaluator: EquationEvaluator,
    places: readonly EventPlaces[],
    breakpointsAt: number,
    recordedAt: number,
    differencesAt: number,
    history: History,
  ) {
    this.#system = system;
    this.#events = events;
    this.#outputs = system.outputs?.length ?? 0;
    this.#evaluator = evaluator;
    this.#places = places;
    this.#breakpoints = breakpointsAt;
    this.#recorded = recordedAt;
    this.#differences = differencesAt;
    this.#history = history;
  }

  /**
   * Compiles equations, outputs and events. `recorded` are the quantities that `history(k, t)` means, by their
   * number k.
   */
  static async create(
    bare: EquationSystem,
    events: readonly EventSpec[],
    recorded: readonly Expression[] = [],
  ): Promise<HybridSystem> {
    const history = new History(recorded.length);
    const system = recorded.length > 0 ? { ...bare, history } : bare;
    const outputs = [...(system.outputs ?? [])];
    const add = (expression: Expression) => outputs.push(expression) - 1;
    const places = events.map(
      (event): EventPlaces => ({
        trigger: add(event.trigger),
        delay: add(event.delay ?? number(0)),
        priority: add(event.priority ?? number(Number.NEGATIVE_INFINITY)),
        values: event.assignments.map(({ value }) => add(value)),
      }),
    );
    const recordedAt = outputs.length;
    outputs.push(...recorded);
    const at = outputs.length;
    const { times } = comparisons({ ...system, outputs });
    const triggers = events.map(({ trigger }) => trigger);
    const { differences } = comparisons({ ...system, equations: system.equations, outputs: triggers });
    const compiled = await compileEquations({ ...system, outputs: [...outputs, ...times, ...differences] });
    const differencesAt = at + times.length;
    return new HybridSystem(
      system,
      events,
      new EquationEvaluator(compiled),
      places,
      at,
      recordedAt,
      differencesAt,
      history,
    );
  }

  #setParameters(parameters: Float64Array): void {
    this.#parameters = parameters;
    this.#evaluator.setParameters(parameters);
  }

  #values(time: number, state: Float64Array): Float64Array {
    return this.#evaluator.outputs(time, state);
  }

  /** Which triggers hold. */
  #triggers(time: number, state: Float64Array): boolean[] {
    const values = this.#values(time, state);
    return this.#places.map(({ trigger }) => values[trigger]! !== 0 && !Number.isNaN(values[trigger]!));
  }

  /** The first time after `after` at which some right-hand side or trigger may jump by the clock alone. */
  #nextBreakpoint(time: number, state: Float64Array, after: number): number {
    const values = this.#values(time, state).subarray(this.#breakpoints, this.#differences);
    let next = Number.POSITIVE_INFINITY;
    for (const value of values) if (value > after && value < next) next = value;
    return next;
  }

  /** Runs from `from` to `until`. Throws `failed.event-loop`, `failed.too-many-steps`, and what solvers throw. */
  async run(options: HybridOptions): Promise<void> {
    const { from, until, outputTimes, onOutput, signal } = options;
    const solver = await options.solver(this.#system);
    this.#setParameters(Float64Array.from(Array.from(options.parameters)));
    let state: Float64Array = Float64Array.from(Array.from(options.state));
    const recorded = (time: number, at: Float64Array) => this.#values(time, at).subarray(this.#recorded);
    const delayed = this.#breakpoints > this.#recorded;
    let initial: Float64Array = new Float64Array(this.#breakpoints - this.#recorded);
    this.#history.start(options.before ?? ((quantity) => initial[quantity]!));
    initial = recorded(from, state).slice();
    makeConsistent(this.#evaluator, from, state);
    initial = recorded(from, state).slice();
    solver.reset({ time: from, state, parameters: this.#parameters });
    let held = this.#events.map((event) => event.initiallyTrue ?? true);
    const pending: Pending[] = [];
    let output = 0;
    const deliver = (reached: (time: number) => boolean, stateAt: (time: number) => Float64Array) => {
      for (; output < outputTimes.length && reached(outputTimes[output]!); output++) {
        const time = outputTimes[output]!;
        onOutput(output, time, this.#values(time, stateAt(time)).slice(0, this.#outputs));
      }
    };
    const settle = (time: number): boolean => {
      const before = this.#parameters.slice();
      const settled = this.#settle(time, state, held, pending, options);
      held = settled.held;
      if (!settled.changed) return false;
      makeConsistent(this.#evaluator, time, state);
      const changedParameters = this.#parameters.some((value, i) => !Object.is(value, before[i]));
      solver.reset({ time, state, ...(changedParameters ? { parameters: this.#parameters } : {}) });
      return true;
    };
    settle(from);
    deliver(
      (time) => time <= from,
      () => state,
    );
    let steps = 0;
    while (solver.time < until) {
      if ((++steps & 1023) === 0) throwIfCancelled(signal);
      if (steps > (options.largestSteps ?? 5e6)) {
        throw failedError(
          "too-many-steps",
          `The solver needed more than ${steps - 1} steps and stands at time ${solver.time} of ${until}.`,
          "Shorten the time span, loosen the tolerances, or check the model for fast oscillations.",
        );
      }
      const jump = this.#nextBreakpoint(solver.time, state, solver.time);
      const due = Math.min(until, jump, ...pending.map(({ time }) => time));
      // The last stages of a step look at its very end, where a jump has happened already.
      const margin = due === jump ? CLOCK_MARGIN * Math.max(Math.abs(due), Math.abs(solver.time)) : 0;
      const began = solver.time;
      if (due - margin > began) solver.step(due - margin);
      const clock = margin > 0 && solver.time >= due - margin ? due : solver.time;
      const within = (time: number) => solver.at(Math.min(time, solver.time));
      const before = state;
      const record = (until: number) =>
        this.#history.record(began, until, (at) => recorded(at, at === began ? before : within(at)));
      // Triggers may ask for values of this very step.
      if (delayed) record(clock);
      const time = this.#firstChange(within, held, began, clock) ?? clock;
      deliver(
        (at) => at < time,
        (at) => (at === began ? before : within(at)),
      );
      if (delayed && time !== clock) {
        this.#history.drop();
        record(time);
      }
      state = began === solver.time ? before : within(time);
      if (time !== solver.time) solver.reset({ time, state });
      settle(time);
      deliver(
        (at) => at <= time,
        () => state,
      );
    }
  }

  /** The earliest time from `began` to `ended` at which a trigger is not what it was; null if none. */
  #firstChange(
    stateAt: (time: number) => Float64Array,
    held: readonly boolean[],
    began: number,
    ended: number,
  ): number | null {
    if (this.#events.length === 0) return null;
    const changed = (time: number) => {
      const triggers = this.#triggers(time, stateAt(time));
      return triggers.some((now, i) => now !== held[i]);
    };
    const differences = (time: number) => this.#values(time, stateAt(time)).slice(this.#differences);
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

  /** Triggers and executes events at one time until nothing more happens; `state` and parameters change. */
  #settle(
    time: number,
    state: Float64Array,
    before: readonly boolean[],
    pending: Pending[],
    options: HybridOptions,
  ): { held: boolean[]; changed: boolean } {
    const largest = options.largestCascade ?? 10_000;
    let held = [...before];
    let changed = false;
    for (let executed = 0; ; executed++) {
      held = this.#trigger(time, state, held, pending);
      const due = pending.filter((entry) => entry.time <= time);
      if (due.length === 0) return { held, changed };
      if (executed >= largest) {
        throw failedError(
          "event-loop",
          `More than ${largest} events happened at time ${time}.`,
          "Two events seem to trigger each other without end.",
        );
      }
      const chosen = this.#choose(due, time, state, options.random);
      pending.splice(pending.indexOf(chosen), 1);
      this.#execute(chosen, time, state);
      changed = true;
    }
  }

  /** Notes events whose trigger became true and forgets those that are called off. */
  #trigger(time: number, state: Float64Array, held: readonly boolean[], pending: Pending[]): boolean[] {
    const now = this.#triggers(time, state);
    const values = this.#values(time, state);
    for (const [event, place] of this.#places.entries()) {
      const spec = this.#events[event]!;
      if (now[event] && !held[event]) {
        const delay = values[place.delay]!;
        if (!(delay >= 0)) {
          throw failedError(
            "event-delay",
            `The delay of event ${event + 1} is ${delay} at time ${time}.`,
            "A delay cannot be negative.",
          );
        }
        pending.push({
          event,
          time: time + delay,
          values: (spec.valuesFromTriggerTime ?? true) ? place.values.map((at) => values[at]!) : null,
        });
      } else if (!now[event] && spec.persistent === false) {
        for (let i = pending.length - 1; i >= 0; i--) if (pending[i]!.event === event) pending.splice(i, 1);
      }
    }
    return now;
  }

  #choose(due: readonly Pending[], time: number, state: Float64Array, random = () => 0): Pending {
    const values = this.#values(time, state);
    const priority = ({ event }: Pending) => values[this.#places[event]!.priority]!;
    const highest = Math.max(...due.map(priority));
    const first = due.filter((entry) => priority(entry) === highest || Number.isNaN(highest));
    return first[Math.min(first.length - 1, Math.floor(random() * first.length))]!;
  }

  #execute({ event, values }: Pending, time: number, state: Float64Array): void {
    const { assignments } = this.#events[event]!;
    const now = values ?? this.#places[event]!.values.map((at) => this.#values(time, state)[at]!);
    const parameters = this.#parameters.slice();
    for (const [i, { target }] of assignments.entries()) {
      const stateIndex = this.#system.states.indexOf(target);
      if (stateIndex >= 0) state[stateIndex] = now[i]!;
      else {
        const parameterIndex = this.#system.parameters.indexOf(target);
        if (parameterIndex < 0) {
          throw failedError(
            "event-target",
            `An event assigns to "${target}", which is no state or parameter.`,
          );
        }
        parameters[parameterIndex] = now[i]!;
      }
    }
    this.#setParameters(parameters);
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
function nextUp(value: number): number {
  return value + 4 * Number.EPSILON * Math.max(Math.abs(value), Number.MIN_VALUE / Number.EPSILON);
}
