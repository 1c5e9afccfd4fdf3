/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC11, doi:10.1145/2063384.2063405). A value depends only on (seed, purpose, step, index), so any thread can
 * draw any of them in any order and the result is the same.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** High and low 32 bits of a 32x32-bit product, by 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const mid = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (mid & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(mid / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/** Ten Philox rounds over a 128-bit counter with a 64-bit key; writes four unsigned 32-bit words to `out`. */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let c0 = counter[0]! >>> 0;
  let c1 = counter[1]! >>> 0;
  let c2 = counter[2]! >>> 0;
  let c3 = counter[3]! >>> 0;
  let k0 = key[0]! >>> 0;
  let k1 = key[1]! >>> 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(M0, c0);
    const high1 = multiplyHigh(M1, c2);
    const low0 = Math.imul(M0, c0);
    const low1 = Math.imul(M1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** FNV-1a, 32 bits: turns a purpose's name into a key word. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * The random numbers of one purpose ("phantom.noise", "cell.division"). `step` and `index` address a draw:
 * typically the time step and the voxel, cell or subject. Addresses reach 2^53.
 */
export class RandomStream {
  readonly #key: Uint32Array;
  readonly #counter = new Uint32Array(4);
  readonly #words = new Uint32Array(4);

  constructor(seed: number, purpose: string) {
    const seedHigh = Math.floor(Math.abs(seed) / 4294967296) >>> 0;
    this.#key = Uint32Array.of((seed ^ seedHigh) >>> 0, hashText(purpose) ^ Math.imul(seedHigh, W0));
  }

  #draw(step: number, index: number): Uint32Array {
    this.#counter[0] = index >>> 0;
    this.#counter[1] = Math.floor(index / 4294967296);
    this.#counter[2] = step >>> 0;
    this.#counter[3] = Math.floor(step / 4294967296);
    philox4x32(this.#counter, this.#key, this.#words);
    return this.#words;
  }

  /** Uniform in [0, 1) with 53 bits. */
  uniform(step: number, index = 0): number {
    const words = this.#draw(step, index);
    return ((words[0]! >>> 5) * 67108864 + (words[1]! >>> 6)) / 9007199254740992;
  }

  /** Standard normal deviate (Box-Muller). */
  normal(step: number, index = 0): number {
    const words = this.#draw(step, index);
    const u = ((words[0]! >>> 5) * 67108864 + (words[1]! >>> 6) + 0.5) / 9007199254740992;
    const v = ((words[2]! >>> 5) * 67108864 + (words[3]! >>> 6)) / 9007199254740992;
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** Whole number in [0, count). */
  integer(count: number, step: number, index = 0): number {
    return Math.floor(this.uniform(step, index) * count);
  }
}
