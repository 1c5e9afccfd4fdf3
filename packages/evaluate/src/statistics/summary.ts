import { RandomStream, usageError } from "@viscera/core";
import { percentileOf } from "./percentile.js";

/** What a list of a metric's values looks like. Values without a number are counted, not averaged. */
export interface Summary {
  /** Finite values: all else but the two counts below is about them. */
  count: number;
  /** Values that are NaN: the convention gives none. */
  missing: number;
  /** Infinite values: one of two masks was empty. */
  infinite: number;
  mean: number;
  /** Standard deviation (n - 1); NaN below two values. */
  sd: number;
  median: number;
  /** Quartiles, linear between neighbours. */
  q1: number;
  q3: number;
  min: number;
  max: number;
  /** 95 % interval of the mean by the percentiles of the bootstrap; NaN below two values. */
  ciLow: number;
  ciHigh: number;
}

/** Draws with replacement, the same for every list of one length: keyed by the seed, never by order or thread. */
export class Bootstrap {
  readonly replicates: number;
  readonly #seed: number;
  readonly #draws = new Map<number, Uint32Array>();

  constructor(seed: number, replicates = 1000) {
    if (!(Number.isInteger(replicates) && replicates >= 1))
      throw usageError(`${replicates} is no number of bootstrap samples.`);
    this.#seed = seed;
    this.replicates = replicates;
  }

  /** `replicates` rows of `count` numbers below `count`. */
  draws(count: number): Uint32Array {
    let draws = this.#draws.get(count);
    if (!draws) {
      const stream = new RandomStream(this.#seed, "evaluate.bootstrap");
      draws = Uint32Array.from({ length: this.replicates * count }, (_, i) =>
        stream.integer(count, Math.floor(i / count), i % count),
      );
      this.#draws.set(count, draws);
    }
    return draws;
  }

  /** Means of the resampled lists, ascending. */
  means(values: ArrayLike<number>): Float64Array {
    const count = values.length;
    const draws = this.draws(count);
    return Float64Array.from({ length: this.replicates }, (_, r) => {
      let sum = 0;
      for (let i = r * count; i < (r + 1) * count; i++) sum += values[draws[i]!]!;
      return sum / count;
    }).sort();
  }
}

/** Summarises a list. */
export function summarise(values: readonly number[], bootstrap: Bootstrap): Summary {
  const finite = Float64Array.from(values.filter(Number.isFinite)).sort();
  const count = finite.length;
  const missing = values.filter(Number.isNaN).length;
  const mean = finite.reduce((a, b) => a + b, 0) / count;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const means = count > 1 ? bootstrap.means(finite) : new Float64Array(0);
  return {
    count,
    missing,
    infinite: values.length - count - missing,
    mean,
    sd: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN,
    median: percentileOf(finite, 50),
    q1: percentileOf(finite, 25),
    q3: percentileOf(finite, 75),
    min: finite[0] ?? Number.NaN,
    max: finite[count - 1] ?? Number.NaN,
    ciLow: percentileOf(means, 2.5),
    ciHigh: percentileOf(means, 97.5),
  };
}
