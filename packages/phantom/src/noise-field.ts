import { RandomStream } from "@viscera/core";

const SIZE = 32;
const MASK = SIZE - 1;

/**
 * Value noise: random numbers on a lattice of unit cells (period 32), blended smoothly between them. Values lie
 * in -1 to 1 with mean 0 and a standard deviation near 0.33.
 */
export class NoiseField {
  readonly #lattice = new Float32Array(SIZE ** 3);

  constructor(seed: number, purpose: string) {
    const random = new RandomStream(seed, purpose);
    for (let i = 0; i < this.#lattice.length; i++) this.#lattice[i] = 2 * random.uniform(0, i) - 1;
  }

  at(x: number, y: number, z: number): number {
    const xi = Math.floor(x);
    const yi = Math.floor(y);
    const zi = Math.floor(z);
    let fx = x - xi;
    let fy = y - yi;
    let fz = z - zi;
    fx = fx * fx * (3 - 2 * fx);
    fy = fy * fy * (3 - 2 * fy);
    fz = fz * fz * (3 - 2 * fz);
    const x0 = xi & MASK;
    const x1 = (xi + 1) & MASK;
    const y0 = (yi & MASK) << 5;
    const y1 = ((yi + 1) & MASK) << 5;
    const z0 = (zi & MASK) << 10;
    const z1 = ((zi + 1) & MASK) << 10;
    const l = this.#lattice;
    const a = l[x0 + y0 + z0]! + fx * (l[x1 + y0 + z0]! - l[x0 + y0 + z0]!);
    const b = l[x0 + y1 + z0]! + fx * (l[x1 + y1 + z0]! - l[x0 + y1 + z0]!);
    const c = l[x0 + y0 + z1]! + fx * (l[x1 + y0 + z1]! - l[x0 + y0 + z1]!);
    const d = l[x0 + y1 + z1]! + fx * (l[x1 + y1 + z1]! - l[x0 + y1 + z1]!);
    const e = a + fy * (b - a);
    const f = c + fy * (d - c);
    return e + fz * (f - e);
  }
}
