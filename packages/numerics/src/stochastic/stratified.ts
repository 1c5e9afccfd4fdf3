import { RandomStream } from "@viscera/core";

const ROUNDS = 4;

/**
 * Uniform numbers of which, for each draw, every replicate gets one from a share of its own: of n replicates one has
 * its number in [0, 1/n), one in [1/n, 2/n) and so on, in an order that differs from draw to draw (Latin hypercube
 * sampling, McKay, Beckman & Conover 1979, doi:10.1080/00401706.1979.10489755). Every single replicate is distributed
 * as it should be; means over all of them are much more accurate than of independent ones.
 */
export class StratifiedUniforms {
  readonly #replicates: number;
  readonly #places: RandomStream;
  readonly #order: RandomStream;
  readonly #halfBits: number;

  constructor(seed: number, purpose: string, replicates: number) {
    this.#replicates = replicates;
    this.#places = new RandomStream(seed, purpose);
    this.#order = new RandomStream(seed, `${purpose}.order`);
    this.#halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, replicates)) / 2));
  }

  /** The number of a draw of a replicate (0 to replicates - 1), in [0, 1). */
  uniform(draw: number, replicate: number): number {
    const share = this.#shuffled(draw, replicate);
    return (share + this.#places.uniform(draw, replicate)) / this.#replicates;
  }

  /** A permutation of the replicates: a Feistel network, walked until it lands among them. */
  #shuffled(draw: number, replicate: number): number {
    const size = 2 ** this.#halfBits;
    let value = replicate;
    do {
      let [left, right] = [Math.floor(value / size), value % size];
      for (let round = 0; round < ROUNDS; round++) {
        const mixed = Math.floor(this.#order.uniform(ROUNDS * draw + round, right) * size);
        [left, right] = [right, (left + mixed) % size];
      }
      value = left * size + right;
    } while (value >= this.#replicates);
    return value;
  }
}
