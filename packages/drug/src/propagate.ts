/**
 * Exact solution of dx/dt = A x + u with piecewise-constant u: the state is carried over each interval by
 * expm of the augmented matrix [[A, u], [0, 0]], so there is no time-step error. Intervals end at output
 * times and dose events; equal intervals share one exponential.
 */
import { type JobOptions, throwIfCancelled } from "@viscera/core";
import { expm, multiplyVector } from "@viscera/numerics";
import type { DoseEvent } from "./dosing.js";

/**
 * Amounts at each output time (mg), one array of `n` a time. An event at an output time has happened in that
 * output. `inputState` tells where a dose event's drug goes.
 */
export function propagate(
  matrix: Float64Array,
  n: number,
  events: readonly DoseEvent[],
  inputState: (event: DoseEvent) => number,
  timesH: Float64Array,
  options: JobOptions = {},
): Float64Array[] {
  const size = n + 1;
  const rates = new Float64Array(n);
  let state = new Float64Array(size);
  state[n] = 1;
  let time = 0;
  let nextEvent = 0;
  const exponentials = new Map<string, Float64Array>();

  const advance = (to: number) => {
    const interval = to - time;
    if (interval <= 0) return;
    // Rounded so that output steps which differ in the last bits share one matrix; 1e-12 h is 4 ns.
    const key = `${Math.round(interval * 1e12)}|${rates.join()}`;
    let step = exponentials.get(key);
    if (!step) {
      const augmented = new Float64Array(size * size);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) augmented[i * size + j] = matrix[i * n + j]! * interval;
        augmented[i * size + n] = rates[i]! * interval;
      }
      step = expm(augmented, size);
      exponentials.set(key, step);
    }
    state = multiplyVector(step, state, size) as typeof state;
    time = to;
  };

  const out: Float64Array[] = [];
  for (let i = 0; i < timesH.length; i++) {
    if (i % 1000 === 0) throwIfCancelled(options.signal);
    for (; nextEvent < events.length && events[nextEvent]!.timeH <= timesH[i]!; nextEvent++) {
      const event = events[nextEvent]!;
      advance(event.timeH);
      const target = inputState(event);
      state[target]! += event.amountMg;
      rates[target]! += event.rateChangeMgPerH;
      // A finished infusion leaves rounding behind, which would feed the model for ever.
      if (Math.abs(rates[target]!) < 1e-12 * Math.abs(event.rateChangeMgPerH)) rates[target] = 0;
    }
    advance(timesH[i]!);
    out.push(state.slice(0, n));
  }
  return out;
}
