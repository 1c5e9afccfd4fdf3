/** Minimising a smooth function of some tens of variables. */
import { throwIfCancelled } from "@viscera/core";
import { cholesky, solveCholesky } from "../linear/cholesky.js";

export interface Objective {
  /** May be infinite or NaN: such points are not gone to. */
  value(x: Float64Array): number | Promise<number>;
  /** Asked for at points whose value was just asked for. */
  gradient(x: Float64Array): Float64Array | Promise<Float64Array>;
}

export interface QuasiNewtonOptions {
  /** Hessian to begin with, row-major; where left out the identity, scaled after the first step. */
  hessian?: Float64Array;
  /**
   * Stop when half of g' B^-1 g, the decrease that a further step promises, falls below, or when three steps in a row bring
   * no more than that and no more than a thousand times it is promised; default 1e-8.
   */
  tolerance?: number;
  mostIterations?: number;
  /** No variable changes by more in one iteration; default 1. */
  largestStep?: number;
  signal?: AbortSignal | undefined;
  onIteration?: (state: { iteration: number; value: number; x: Float64Array; promised: number }) => void;
}

export interface QuasiNewtonResult {
  x: Float64Array;
  value: number;
  gradient: Float64Array;
  iterations: number;
  /** False where iterations ran out, or no decrease was found although one was promised. */
  converged: boolean;
}

const MOST_TRIALS = 30;
/** Steps in a row that bring nothing, and how much more may be promised then: the gradient has an error of its own. */
const MOST_IDLE = 3;
const FORGIVEN = 1000;
const SUFFICIENT = 1e-4;

/**
 * BFGS on the Hessian itself (Nocedal & Wright, Numerical Optimization, 2nd ed., chapter 6, with Powell's damping, 18.15)
 * and a line search by cubic and quadratic interpolation for a sufficient decrease.
 */
export async function quasiNewton(
  objective: Objective,
  start: ArrayLike<number>,
  { tolerance = 1e-8, mostIterations = 200, largestStep = 1, ...options }: QuasiNewtonOptions = {},
): Promise<QuasiNewtonResult> {
  const n = start.length;
  let x: Float64Array = Float64Array.from(start);
  let value = await objective.value(x);
  let gradient: Float64Array = await objective.gradient(x);
  let hessian: Float64Array | null = options.hessian?.slice() ?? null;
  let fresh = true;
  let idle = 0;
  for (let iteration = 0; ; iteration++) {
    throwIfCancelled(options.signal);
    const factor: Float64Array | null = hessian ? cholesky(hessian, n) : null;
    const direction = (factor ? solveCholesky(factor, gradient, n) : gradient).map((g) => -g);
    const slope = dot(direction, gradient);
    const promised = -slope / 2;
    options.onIteration?.({ iteration, value, x, promised });
    const done = (converged: boolean) => ({ x, value, gradient, iterations: iteration, converged });
    if (n === 0 || (promised <= tolerance && (hessian !== null || norm(gradient) === 0))) return done(true);
    if (idle >= MOST_IDLE && promised <= FORGIVEN * tolerance) return done(true);
    if (iteration >= mostIterations || !Number.isFinite(slope)) return done(false);
    const longest = direction.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
    const found = await search(objective, x, value, direction, slope, Math.min(1, largestStep / longest));
    if (found === null) {
      if (fresh) return done(promised <= FORGIVEN * tolerance);
      hessian = null;
      fresh = true;
      continue;
    }
    fresh = false;
    const nextGradient: Float64Array = await objective.gradient(found.x);
    const step = found.x.map((v, i) => v - x[i]!);
    const turn = nextGradient.map((v, i) => v - gradient[i]!);
    if (hessian === null) {
      const scale = Math.max(dot(turn, turn) / Math.max(dot(step, turn), 1e-300), 1e-12);
      hessian = Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? scale : 0));
    }
    hessian = dampedUpdate(hessian, step, turn, n);
    idle = value - found.value <= tolerance ? idle + 1 : 0;
    x = found.x;
    value = found.value;
    gradient = nextGradient;
  }
}

/** A point of sufficient decrease, or null. */
async function search(
  objective: Objective,
  x: Float64Array,
  value: number,
  direction: Float64Array,
  slope: number,
  first: number,
): Promise<{ x: Float64Array; value: number } | null> {
  let t = first;
  let before: { t: number; rise: number } | null = null;
  for (let trial = 0; trial < MOST_TRIALS; trial++) {
    const next = x.map((v, i) => v + t * direction[i]!);
    const found = await objective.value(next);
    if (found <= value + SUFFICIENT * t * slope) return { x: next, value: found };
    const rise = found - value - slope * t;
    let shorter = t / 4;
    if (Number.isFinite(rise)) {
      shorter = before === null ? (-slope * t * t) / (2 * rise) : cubicMinimum(slope, t, rise, before);
      if (!(shorter >= 0.1 * t)) shorter = 0.1 * t;
      if (!(shorter <= 0.5 * t)) shorter = 0.5 * t;
      before = { t, rise };
    } else before = null;
    t = shorter;
  }
  return null;
}

/** Minimum of the cubic through two trials with the slope at 0 (Nocedal & Wright, 3.59). */
function cubicMinimum(slope: number, t: number, rise: number, before: { t: number; rise: number }): number {
  const [u, v] = [rise / (t * t), before.rise / (before.t * before.t)];
  const a = (u - v) / (t - before.t);
  const b = (-before.t * u + t * v) / (t - before.t);
  if (Math.abs(a) < 1e-300) return -slope / (2 * b);
  return (-b + Math.sqrt(b * b - 3 * a * slope)) / (3 * a);
}

function dampedUpdate(
  hessian: Float64Array,
  step: Float64Array,
  turn: Float64Array,
  n: number,
): Float64Array {
  const hs = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) hs[i]! += hessian[i * n + j]! * step[j]!;
  const shs = dot(step, hs);
  const sy = dot(step, turn);
  if (!(shs > 0) || !Number.isFinite(sy)) return hessian;
  const theta = sy >= 0.2 * shs ? 1 : (0.8 * shs) / (shs - sy);
  const r = turn.map((y, i) => theta * y + (1 - theta) * hs[i]!);
  const sr = dot(step, r);
  return hessian.map((value, k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    return value + (r[i]! * r[j]!) / sr - (hs[i]! * hs[j]!) / shs;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const norm = (a: Float64Array) => Math.sqrt(dot(a, a));
