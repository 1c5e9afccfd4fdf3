import type { Affine, Size3 } from "@viscera/core";

/** The 26 neighbours of a voxel in a box: steps in memory and their lengths in mm. */
export interface Neighbours {
  step: Int32Array;
  lengthMm: Float64Array;
  shortestMm: number;
}

export function neighboursOf(size: Size3, affine: Affine): Neighbours {
  const step: number[] = [];
  const lengthMm: number[] = [];
  for (let k = -1; k <= 1; k++)
    for (let j = -1; j <= 1; j++)
      for (let i = -1; i <= 1; i++) {
        if (i === 0 && j === 0 && k === 0) continue;
        step.push(i + size[0] * (j + size[1] * k));
        const along = (row: number) =>
          affine[4 * row]! * i + affine[4 * row + 1]! * j + affine[4 * row + 2]! * k;
        lengthMm.push(Math.hypot(along(0), along(1), along(2)));
      }
  return {
    step: Int32Array.from(step),
    lengthMm: Float64Array.from(lengthMm),
    shortestMm: Math.min(...lengthMm),
  };
}

/** Buckets of voxels by a rising key: with buckets no wider than the shortest step, Dijkstra's order. */
export class Buckets {
  readonly #width: number;
  readonly #lists: number[][] = [];
  #at = 0;
  #next = 0;

  constructor(width: number) {
    this.#width = width;
  }

  push(voxel: number, key: number): void {
    const bucket = Math.max(this.#at, Math.floor(key / this.#width));
    while (this.#lists.length <= bucket) this.#lists.push([]);
    this.#lists[bucket]!.push(voxel);
  }

  /** The next voxel, or -1. */
  pop(): number {
    while (this.#at < this.#lists.length) {
      const list = this.#lists[this.#at]!;
      if (this.#next < list.length) return list[this.#next++]!;
      this.#lists[this.#at] = [];
      this.#at++;
      this.#next = 0;
    }
    return -1;
  }
}
