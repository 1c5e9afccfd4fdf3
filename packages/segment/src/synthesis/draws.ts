/** Random numbers of one image: drawn one after another, yet all addressed by the image's step. */
import type { RandomStream } from "@viscera/core";

export class Draws {
  readonly #random: RandomStream;
  readonly #step: number;
  #index = 0;

  constructor(random: RandomStream, step: number) {
    this.#random = random;
    this.#step = step;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * this.#random.uniform(this.#step, this.#index++);
  }

  normal(mean = 0, sd = 1): number {
    return mean + sd * this.#random.normal(this.#step, this.#index++);
  }

  /** Whole number in [0, count). */
  integer(count: number): number {
    return this.#random.integer(count, this.#step, this.#index++);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Uniform in a range [low, high]. */
  within([low, high]: readonly [number, number]): number {
    return this.uniform(low, high);
  }

  /**
   * Fills an array with standard normal deviates of 12 bits, good for noise and fields, from a small generator
   * (sfc32, Doty-Humphrey, PractRand) that one set of draws keys: a cryptographic draw a voxel would cost more
   * than the whole image.
   */
  fillNormal(out: Float32Array): Float32Array {
    let a = this.integer(4294967296) | 0;
    let b = this.integer(4294967296) | 0;
    let c = this.integer(4294967296) | 0;
    let counter = 1;
    const next = () => {
      const t = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + t) | 0;
      return t;
    };
    for (let i = 0; i < 12; i++) next();
    const even = out.length & ~1;
    for (let i = 0; i < even; i += 2) {
      const bits = next();
      out[i] = QUANTILES[bits >>> 20]!;
      out[i + 1] = QUANTILES[(bits >>> 8) & 4095]!;
    }
    if (even < out.length) out[even] = QUANTILES[next() >>> 20]!;
    return out;
  }
}

/** Quantiles of the standard normal distribution at (i + 0.5) / 4096, by summing its density. */
const QUANTILES = (() => {
  const table = new Float32Array(4096);
  const step = 1e-4;
  let probability = 0.5;
  let x = 0;
  for (let i = 2048; i < 4096; i++) {
    const wanted = (i + 0.5) / 4096;
    while (probability < wanted) {
      probability += (step * Math.exp(-0.5 * (x + step / 2) ** 2)) / Math.sqrt(2 * Math.PI);
      x += step;
    }
    table[i] = x;
    table[4095 - i] = -x;
  }
  return table;
})();
