/** The state of a system in which one dose, repeated since ever, has come to a steady state. */
import { inputError } from "@viscera/core";
import type { Administration } from "./administration.js";
import type { Flow } from "./flow.js";
import { fixedPoint, settle } from "./steady-state.js";

/** Where a system's parameters hold the infusion rate, last amount and its time of compartment 0. */
export interface ParameterLayout {
  infusion: number;
  dose: number;
  doseTime: number;
}

export interface SteadyStateTask {
  flow: Flow;
  layout: ParameterLayout;
  /** Without any infusion. */
  parameters: Float64Array;
  dose: Administration;
  interval: number;
  /** Time of the record. */
  time: number;
  /** Where an iteration begins. */
  start: Float64Array;
  /** States on which no rate depends (what was excreted, areas): they keep what they were. */
  accumulators?: readonly number[];
  tolerance: number;
  /** "Line 3 of data.csv", for messages. */
  where: string;
}

export interface SteadyState {
  state: Float64Array;
  /** When the infusions that run at the record end. */
  ends: number[];
}

/** Share of an interval that is rounding. */
const ROUNDING = 1e-12;
/** Length of time over which a constant infusion is followed in a linear system. */
const SPAN = 10;

/**
 * At a record with a lag L the last arrival was II - L ago. Where L exceeds II the record is before that arrival:
 * the state is carried back with the infusions that run then, as NONMEM does; amounts can become negative.
 * A constant infusion has ended at its record. Throws `failed.steady-state`, and `input.data` for a lag longer
 * than the interval in a nonlinear model.
 */
export function steadyState(task: SteadyStateTask): SteadyState {
  const { flow, layout, dose, interval, time, start, accumulators = [], tolerance, where } = task;
  const parameters = task.parameters.slice();
  const rateAt = layout.infusion + dose.compartment;
  /** From one time to another while so many infusions run. */
  const flowWith = (infusions: number, state: Float64Array, from: number, until: number): Float64Array => {
    if (from === until) return state;
    parameters[rateAt] = infusions * dose.rate;
    flow.setParameters(parameters);
    const reached = flow.run(state, from, until);
    if (accumulators.length === 0) return reached;
    const held = reached.slice();
    for (const i of accumulators) held[i] = start[i]!;
    return held;
  };
  const what = `the dose in ${where}`;
  if (dose.duration === Number.POSITIVE_INFINITY) {
    const state = flow.linear
      ? fixedPoint((x) => flowWith(1, x, 0, SPAN), start, { linear: true, tolerance, what })
      : settle((x, from, until) => flowWith(1, x, from, until), start, { tolerance, what });
    return { state, ends: [] };
  }
  const arrival = time + dose.lag - interval;
  if (!flow.linear) {
    parameters[layout.dose + dose.compartment] = dose.amount;
    parameters[layout.doseTime + dose.compartment] = arrival;
  }
  // So many older infusions run all the time, and one more for a while after each arrival.
  const overlap = dose.duration / interval;
  let older = Math.floor(overlap * (1 + ROUNDING));
  let newest = dose.duration - older * interval;
  if (newest < ROUNDING * interval) newest = 0;
  if (dose.rate === 0) older = 0;
  const during = newest > 0 ? older + 1 : older;
  const afterArrival = (state: Float64Array): Float64Array => {
    const arrived = state.slice();
    arrived[dose.compartment]! += dose.bolus;
    return arrived;
  };
  const carry = (state: Float64Array, phase: number): Float64Array => {
    const turn = Math.min(newest, phase);
    const between = flowWith(during, afterArrival(state), arrival, arrival + turn);
    return flowWith(older, between, arrival + turn, arrival + phase);
  };
  const trough = fixedPoint((state) => carry(state, interval), start, {
    linear: flow.linear,
    tolerance,
    what,
  });
  const phase = interval - dose.lag;
  if (phase < 0 && !flow.linear) {
    throw inputError(
      "data",
      `${where}: the lag (${dose.lag}) is longer than the interval (${interval}) of a dose at steady state.`,
      "Only linear models can be carried back from its arrival; write the doses out instead.",
    );
  }
  const state = dose.lag === 0 ? trough : carry(trough, phase);
  const ends: number[] = [];
  for (let k = Math.ceil(overlap); k >= 0 && dose.rate > 0; k--) {
    const end = arrival - k * interval + dose.duration;
    if (end - Math.max(time, arrival) > ROUNDING * interval) ends.push(end);
  }
  return { state, ends };
}
