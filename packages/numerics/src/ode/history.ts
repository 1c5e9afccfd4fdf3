import type { HistoryLookup } from "../compile/emitter.js";

/** Points that a step's record is interpolated through (degree one less). */
const POINTS = 5;

/**
 * What quantities were during a run, for equations with delays (method of steps; Bellen & Zennaro, Numerical
 * Methods for Delay Differential Equations, doi:10.1093/acprof:oso/9780198506546.001.0001). Every step is kept by
 * its values at five points.
 */
export class History implements HistoryLookup {
  readonly #quantities: number;
  /** End time of each recorded step. */
  readonly #ends: number[] = [];
  readonly #begins: number[] = [];
  /** Per step the values, point by point. */
  readonly #values: Float64Array[] = [];
  #before: (quantity: number, time: number) => number = () => Number.NaN;

  constructor(quantities: number) {
    this.#quantities = quantities;
  }

  /** Forgets everything; `before` knows the time up to the start. */
  start(before: (quantity: number, time: number) => number): void {
    this.#ends.length = 0;
    this.#begins.length = 0;
    this.#values.length = 0;
    this.#before = before;
  }

  /** Takes back the last record. */
  drop(): void {
    this.#ends.pop();
    this.#begins.pop();
    this.#values.pop();
  }

  /** Records the time from `begin` to `end`, in which the quantities are smooth. */
  record(begin: number, end: number, valuesAt: (time: number) => Float64Array): void {
    if (!(end > begin)) return;
    const step = new Float64Array(POINTS * this.#quantities);
    for (let p = 0; p < POINTS; p++) {
      const time = p === POINTS - 1 ? end : begin + (p / (POINTS - 1)) * (end - begin);
      step.set(valuesAt(time).subarray(0, this.#quantities), p * this.#quantities);
    }
    this.#begins.push(begin);
    this.#ends.push(end);
    this.#values.push(step);
  }

  /** The value at a time; beyond the record the last step is extrapolated. */
  valueAt(quantity: number, time: number): number {
    const place = this.#place(time);
    return place ? this.#interpolate(quantity, place, false) : this.#before(quantity, time);
  }

  rateAt(quantity: number, time: number): number {
    const place = this.#place(time);
    return place ? this.#interpolate(quantity, place, true) : 0;
  }

  /** The step that a time lies in, and where in units of the points' distance; null before the record. */
  #place(time: number): { step: number; s: number } | null {
    const last = this.#ends.length - 1;
    if (last < 0 || time < this.#begins[0]!) return null;
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    const begin = this.#begins[low]!;
    return { step: low, s: ((time - begin) / (this.#ends[low]! - begin)) * (POINTS - 1) };
  }

  /** Lagrange's polynomial through the step's points, or its derivative by time. */
  #interpolate(quantity: number, { step, s }: { step: number; s: number }, derivative: boolean): number {
    const values = this.#values[step]!;
    let sum = 0;
    for (let p = 0; p < POINTS; p++) {
      let weight = 1;
      let slope = 0;
      for (let q = 0; q < POINTS; q++) {
        if (q === p) continue;
        slope = (slope * (s - q) + weight) / (p - q);
        weight *= (s - q) / (p - q);
      }
      sum += (derivative ? slope : weight) * values[p * this.#quantities + quantity]!;
    }
    return derivative ? (sum * (POINTS - 1)) / (this.#ends[step]! - this.#begins[step]!) : sum;
  }
}
