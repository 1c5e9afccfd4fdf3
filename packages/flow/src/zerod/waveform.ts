/** A quantity given at times, straight between them; one value is a constant. */
export class Waveform {
  readonly #times: readonly number[];
  readonly #values: readonly number[];
  /** Repeats with the span of its times. */
  readonly #periodic: boolean;

  constructor(times: readonly number[], values: readonly number[], periodic = true) {
    this.#times = times;
    this.#values = values;
    this.#periodic = periodic;
  }

  get constant(): boolean {
    return this.#values.length === 1;
  }

  /** The span of its times where it repeats, null where it does not. */
  get period(): number | null {
    return this.constant || !this.#periodic ? null : this.#times.at(-1)! - this.#times[0]!;
  }

  /** The mean of its values, whatever their spacing: what svZeroDSolver's steady start takes. */
  get mean(): number {
    return this.#values.reduce((sum, value) => sum + value, 0) / this.#values.length;
  }

  /** The value at a time; beyond its times it goes on as the nearest piece does. */
  at(time: number): number {
    if (this.constant) return this.#values[0]!;
    const times = this.#times;
    const values = this.#values;
    const t = this.#periodic ? time % (times.at(-1)! - times[0]!) : time;
    // The first time that is not before t.
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle]! < t) low = middle + 1;
      else high = middle;
    }
    if (times[low] === t) return values[low]!;
    const k = Math.min(low, times.length - 1);
    const m = k > 0 ? k - 1 : 1;
    return values[m]! + ((values[k]! - values[m]!) / (times[k]! - times[m]!)) * (t - times[m]!);
  }
}
