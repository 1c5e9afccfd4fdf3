/** One subject's state through doses, infusions, resets and changes of parameters. */
import { failedError, throwIfCancelled } from "@viscera/core";
import type { Administration } from "./administration.js";
import type { DoseRecord } from "./data-set.js";
import type { Flow } from "./flow.js";
import { type ParameterLayout, steadyState } from "./steady-state-dose.js";

/** Something that will happen to a compartment. */
type Coming =
  | { time: number; kind: "arrival"; dose: Administration; left: number; interval: number }
  | { time: number; kind: "end"; dose: Administration };

export interface CourseOptions {
  flow: Flow;
  layout: ParameterLayout;
  /** Names of the compartments, for messages. */
  compartments: readonly string[];
  /** Compartments on which no rate depends; they have no steady state and keep what they were. */
  accumulators?: readonly number[];
  /** Of an iterated steady state, relative. */
  steadyStateTolerance: number;
  signal?: AbortSignal | undefined;
  /** Told of the states that `observe` asks for, in their order. */
  onOutput: (index: number, time: number, state: Float64Array, parameters: Float64Array) => void;
}

/** Events between two looks at the signal. */
const EVENTS_A_LOOK = 1024;

/**
 * States are computed late: several observations between two events are one run of the solver. What happens at a
 * time comes before an observation at that time.
 */
export class Course {
  readonly #options: CourseOptions;
  readonly #parameters: Float64Array;
  /** The state at `#stateTime`; the course itself has gone to `#time`. */
  #state: Float64Array;
  #stateTime: number;
  #time: number;
  readonly #running: Administration[] = [];
  /** In order of time, those of one time in the order in which they came about. */
  readonly #coming: Coming[] = [];
  #asked: { index: number; time: number }[] = [];
  #changed = true;
  #events = 0;

  constructor(options: CourseOptions, parameters: Float64Array, state: Float64Array, time: number) {
    this.#options = options;
    this.#parameters = parameters.slice();
    this.#state = state;
    this.#stateTime = time;
    this.#time = time;
  }

  /** Parameters of the model from now on; those of doses and infusions are kept. */
  setParameters(values: Float64Array): void {
    if (values.every((value, i) => this.#parameters[i] === value)) return;
    this.#catchUp();
    this.#parameters.set(values);
    this.#changed = true;
  }

  /** Everything up to a time happens, that time included. */
  advance(until: number): void {
    for (let next = this.#coming[0]; next !== undefined && next.time <= until; next = this.#coming[0]) {
      if (++this.#events % EVENTS_A_LOOK === 0) throwIfCancelled(this.#options.signal);
      this.#coming.shift();
      this.#time = Math.max(this.#time, next.time);
      this.#catchUp();
      if (next.kind === "arrival") this.#arrive(next);
      else this.#endInfusion(next.dose);
    }
    this.#time = Math.max(this.#time, until);
  }

  /** Asks for the state at the time reached. */
  observe(index: number): void {
    this.#asked.push({ index, time: this.#time });
  }

  /** Delivers every state asked for. */
  finish(): void {
    this.#catchUp();
  }

  /** The state begins again at a time, which may be earlier; doses to come and infusions are cancelled. */
  reset(time: number, state: Float64Array): void {
    this.#catchUp();
    this.#cancel();
    const { dose, doseTime } = this.#options.layout;
    for (let c = 0; c < state.length; c++) {
      this.#setParameter(dose + c, 0);
      this.#setParameter(doseTime + c, 0);
    }
    this.#state = state;
    this.#stateTime = time;
    this.#time = time;
  }

  /** A dose recorded at the time reached, with the others that the record asks for. */
  dose(dose: Administration, { additional, interval, steadyState: kind }: DoseRecord, where: string): void {
    if (kind !== 0) this.#toSteadyState(dose, interval, kind === 2, where);
    if (dose.duration < Number.POSITIVE_INFINITY) {
      const time = this.#time + dose.lag;
      this.#schedule({ time, kind: "arrival", dose, left: additional, interval });
    }
    this.advance(this.#time);
  }

  #catchUp(): void {
    if (this.#asked.length === 0 && this.#time === this.#stateTime) return;
    const { flow, onOutput } = this.#options;
    if (this.#changed) flow.setParameters(this.#parameters);
    this.#changed = false;
    const asked = this.#asked;
    this.#asked = [];
    const times = asked.map(({ time }) => time);
    this.#state = flow.run(this.#state, this.#stateTime, this.#time, times, (k, state) => {
      onOutput(asked[k]!.index, times[k]!, state, this.#parameters);
    });
    this.#stateTime = this.#time;
    const bad = this.#state.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw failedError(
        "not-finite",
        `"${this.#options.compartments[bad]}" is ${this.#state[bad]} at time ${this.#time}.`,
        "Check the parameters: something grows without bound, or a division by zero.",
      );
    }
  }

  #cancel(): void {
    this.#coming.length = 0;
    for (const { compartment } of this.#running.splice(0)) this.#setRate(compartment);
  }

  #setParameter(at: number, value: number): void {
    if (this.#parameters[at] === value) return;
    this.#parameters[at] = value;
    this.#changed = true;
  }

  /** The sum over the infusions that run: no remainder of rounding stays when they have ended. */
  #setRate(compartment: number): void {
    const running = this.#running.filter((dose) => dose.compartment === compartment);
    const rate = running.reduce((sum, dose) => sum + dose.rate, 0);
    this.#setParameter(this.#options.layout.infusion + compartment, rate);
  }

  #schedule(coming: Coming): void {
    let at = this.#coming.length;
    while (at > 0 && this.#coming[at - 1]!.time > coming.time) at--;
    this.#coming.splice(at, 0, coming);
  }

  #arrive({ time, dose, left, interval }: Coming & { kind: "arrival" }): void {
    const { flow, layout } = this.#options;
    if (!flow.linear) {
      this.#setParameter(layout.dose + dose.compartment, dose.amount);
      this.#setParameter(layout.doseTime + dose.compartment, time);
    }
    if (dose.rate > 0) this.#startInfusion({ ...dose }, time + dose.duration);
    else {
      this.#state = this.#state.slice();
      this.#state[dose.compartment]! += dose.bolus;
    }
    if (left > 0) this.#schedule({ time: time + interval, kind: "arrival", dose, left: left - 1, interval });
  }

  #startInfusion(dose: Administration, end: number): void {
    this.#running.push(dose);
    this.#setRate(dose.compartment);
    this.#schedule({ time: end, kind: "end", dose });
  }

  #endInfusion(dose: Administration): void {
    this.#running.splice(this.#running.indexOf(dose), 1);
    this.#setRate(dose.compartment);
  }

  #toSteadyState(dose: Administration, interval: number, add: boolean, where: string): void {
    this.#catchUp();
    const { flow, layout, accumulators = [], steadyStateTolerance: tolerance } = this.#options;
    if (!add) this.#cancel();
    const compartments = this.#state.length;
    const parameters = this.#parameters.slice().fill(0, layout.infusion, layout.infusion + compartments);
    const task = {
      flow,
      layout,
      accumulators,
      parameters,
      dose,
      interval,
      time: this.#time,
      tolerance,
      where,
    };
    const { state, ends } = steadyState({ ...task, start: this.#state });
    if (add) {
      // Superposition; what a linear system holds without any dose is counted once.
      const alone = flow.linear
        ? steadyState({ ...task, start: this.#state, dose: { ...dose, bolus: 0, rate: 0 } }).state
        : new Float64Array(compartments);
      for (const i of accumulators) alone[i] = state[i]!;
      this.#state = this.#state.map((value, i) => value + state[i]! - alone[i]!);
    } else this.#state = state;
    if (!flow.linear && dose.duration < Number.POSITIVE_INFINITY) {
      this.#setParameter(layout.dose + dose.compartment, dose.amount);
      this.#setParameter(layout.doseTime + dose.compartment, this.#time + dose.lag - interval);
    }
    for (const end of ends) this.#startInfusion({ ...dose }, end);
    this.#changed = true;
  }
}
