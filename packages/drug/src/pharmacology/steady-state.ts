/** Steady states under repeated doses: the fixed point of the map over one interval. */
import { failedError } from "@viscera/core";
import { factorDense, solveFactored } from "@viscera/numerics";

export type PeriodMap = (state: Float64Array) => Float64Array;

const MOST_PERIODS = 2000;
const HISTORY = 6;

/**
 * The state that a map gives back. A linear map is solved exactly; another is iterated with Anderson's acceleration
 * (Walker & Ni 2011, doi:10.1137/10078356X) until it changes by less than `tolerance`, relative to the largest
 * state and to each. Throws `failed.steady-state`.
 */
export function fixedPoint(
  map: PeriodMap,
  start: Float64Array,
  { linear, tolerance, what }: { linear: boolean; tolerance: number; what: string },
): Float64Array {
  return linear ? linearFixedPoint(map, start.length, what) : iteratedFixedPoint(map, start, tolerance, what);
}

function none(what: string) {
  return failedError(
    "steady-state",
    `There is no steady state of ${what}: something accumulates without end or settles too slowly.`,
    "Check for a compartment without elimination, or write the doses out with ADDL.",
  );
}

function linearFixedPoint(map: PeriodMap, n: number, what: string): Float64Array {
  const offset = map(new Float64Array(n));
  // Amounts of the size of the doses: small ones would be lost beside the offset.
  const probe = offset.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const matrix = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    const unit = new Float64Array(n);
    unit[j] = probe;
    const image = map(unit);
    for (let i = 0; i < n; i++) matrix[i * n + j] = (i === j ? 1 : 0) - (image[i]! - offset[i]!) / probe;
  }
  const factors = factorDense(matrix, n);
  // A compartment without elimination leaves a diagonal element that is zero but for rounding.
  const smallest = factors ? Math.min(...factors.lu.filter((_, k) => k % (n + 1) === 0).map(Math.abs)) : 0;
  if (factors === null || smallest < 1e-12) throw none(what);
  return solveFactored(factors, offset);
}

function iteratedFixedPoint(
  map: PeriodMap,
  start: Float64Array,
  tolerance: number,
  what: string,
): Float64Array {
  let state = start;
  const states: Float64Array[] = [];
  const residuals: Float64Array[] = [];
  for (let period = 0; period < MOST_PERIODS; period++) {
    const image = map(state);
    if (!image.every(Number.isFinite)) throw none(what);
    const residual = image.map((value, i) => value - state[i]!);
    if (isSettled(residual, image, tolerance)) return image;
    states.push(image);
    residuals.push(residual);
    if (states.length > Math.min(HISTORY, state.length) + 1) {
      states.shift();
      residuals.shift();
    }
    const next = accelerated(states, residuals);
    // Amounts do not change sign on the way; where the acceleration says so, it has gone too far.
    const sound = next?.every((value, i) => Number.isFinite(value) && value * image[i]! >= 0);
    state = sound ? next! : image;
  }
  throw none(what);
}

/** Changes are small, each relative to its state, or to the largest where that is a million times larger. */
function isSettled(changes: Float64Array, states: Float64Array, tolerance: number): boolean {
  const largest = states.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return changes.every(
    (change, i) => Math.abs(change) <= tolerance * Math.max(Math.abs(states[i]!), 1e-6 * largest),
  );
}

const FIRST_SPAN = 1;
const MOST_DOUBLINGS = 60;

/**
 * The state in which a system under constant input comes to rest: followed over spans that double until it changes
 * by less than `tolerance` over one. Throws `failed.steady-state`.
 */
export function settle(
  flow: (state: Float64Array, from: number, until: number) => Float64Array,
  start: Float64Array,
  { tolerance, what }: { tolerance: number; what: string },
): Float64Array {
  let state = start;
  let time = 0;
  let span = FIRST_SPAN;
  for (let k = 0; k < MOST_DOUBLINGS; k++) {
    const next = flow(state, time, time + span);
    if (!next.every(Number.isFinite)) break;
    const changes = next.map((value, i) => value - state[i]!);
    state = next;
    // Two short looks could miss a slow system; a thousand units of time are the least.
    if (span >= 1000 && isSettled(changes, state, tolerance)) return state;
    time += span;
    span *= 2;
  }
  throw none(what);
}

/** The mixture of images whose mixed residual is least; null for too few or dependent ones. */
function accelerated(
  states: readonly Float64Array[],
  residuals: readonly Float64Array[],
): Float64Array | null {
  const m = states.length - 1;
  const last = residuals[m]!;
  if (m === 0) return null;
  // Each state's residual counts in its own scale.
  const scale = last.map((_, i) => 1 / Math.max(...states.map((state) => Math.abs(state[i]!)), 1e-300));
  const differences = residuals
    .slice(0, m)
    .map((residual) => residual.map((value, i) => (last[i]! - value) * scale[i]!));
  const target = last.map((value, i) => value * scale[i]!);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const normal = Float64Array.from({ length: m * m }, (_, k) => {
    const [i, j] = [Math.floor(k / m), k % m];
    const product = dot(differences[i]!, differences[j]!);
    return i === j ? product * (1 + 1e-12) : product;
  });
  const factors = factorDense(normal, m);
  if (factors === null) return null;
  const weights = solveFactored(
    factors,
    Float64Array.from(differences, (difference) => dot(difference, target)),
  );
  const image = states[m]!;
  return image.map((value, i) => {
    let mixed = value;
    for (let k = 0; k < m; k++) mixed -= weights[k]! * (value - states[k]![i]!);
    return mixed;
  });
}
