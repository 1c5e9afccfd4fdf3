import { failedError } from "@viscera/core";

/** Factors between one step and the next (Hairer & Wanner, Solving ODEs II, IV.7). */
export const SAFETY = 0.9;
export const LARGEST_GROWTH = 6;
export const LARGEST_SHRINK = 0.2;
/** Steps shorter than this share of the time are lost in rounding. */
const SMALLEST_SHARE = 1e-15;

/** The step after one with the given error (1 = just tolerable) of a method whose error goes with h^order. */
export function nextStep(h: number, error: number, order: number): number {
  if (!(error < Number.POSITIVE_INFINITY)) return h * LARGEST_SHRINK;
  if (error === 0) return h * LARGEST_GROWTH;
  return h * Math.min(LARGEST_GROWTH, Math.max(LARGEST_SHRINK, SAFETY * error ** (-1 / order)));
}

/** Throws `failed.step-size` when a step is too short to move the time. */
export function checkStep(h: number, time: number, stateName: string): void {
  if (Math.abs(h) > SMALLEST_SHARE * Math.max(Math.abs(time), Number.MIN_VALUE / SMALLEST_SHARE)) return;
  throw failedError(
    "step-size",
    `The solver cannot go on at time ${time}: "${stateName}" changes faster than any step can follow.`,
    "Look for a division by zero or a state that grows without bound near this time, or loosen the tolerances.",
  );
}

/**
 * A first step by the sizes of states and rates (Hairer, Norsett & Wanner, Solving ODEs I, II.4, without its
 * second evaluation): short enough for an unknown second derivative.
 */
export function firstStep(
  states: ArrayLike<number>,
  rates: ArrayLike<number>,
  weights: ArrayLike<number>,
  span: number,
): number {
  let d0 = 0;
  let d1 = 0;
  for (let i = 0; i < states.length; i++) {
    d0 += (states[i]! / weights[i]!) ** 2;
    d1 += (rates[i]! / weights[i]!) ** 2;
  }
  const n = Math.max(1, states.length);
  d0 = Math.sqrt(d0 / n);
  d1 = Math.sqrt(d1 / n);
  const h = d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : (0.01 * d0) / d1;
  return Math.min(span, Math.max(h, 1e-12 * span));
}

/** Throws `failed.not-finite` when a rate at the start of a run is no number. */
export function checkRates(rates: Float64Array, states: readonly string[], time: number): void {
  const bad = rates.findIndex((rate) => !Number.isFinite(rate));
  if (bad < 0) return;
  throw failedError(
    "not-finite",
    `The rate of "${states[bad]}" is ${rates[bad]} at time ${time}.`,
    "Check the initial values and parameters: a division by zero, or the logarithm of a negative number.",
  );
}
