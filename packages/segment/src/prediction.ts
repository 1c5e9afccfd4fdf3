import type { Size3 } from "@viscera/core";

/** What a network says of a volume. */
export interface Prediction {
  /** Class of every voxel, x fastest; 0 is background. */
  labels: Uint8Array | Uint16Array;
  /** Mean softmax probability of the voxels of each class that occurs, background left out. */
  confidence: Map<number, number>;
  /** Of every voxel, percent of the most there can be; only where it was asked for. */
  uncertainty?: Uint8Array;
}

/** Gathers labels and the mean probability of each class, voxel by voxel. */
export class PredictionBuilder {
  readonly #labels: Uint8Array | Uint16Array;
  readonly #sums: Float64Array;
  readonly #counts: Float64Array;

  constructor(size: Size3, classes: number) {
    const voxels = size[0] * size[1] * size[2];
    this.#labels = classes > 256 ? new Uint16Array(voxels) : new Uint8Array(voxels);
    this.#sums = new Float64Array(classes);
    this.#counts = new Float64Array(classes);
  }

  /** Sets one voxel; the probability of background is not looked at. */
  set(voxel: number, label: number, probability: number): void {
    this.#labels[voxel] = label;
    if (label === 0) return;
    this.#sums[label]! += probability;
    this.#counts[label]! += 1;
  }

  finish(): Prediction {
    const confidence = new Map<number, number>();
    this.#counts.forEach((count, label) => {
      if (count > 0) confidence.set(label, this.#sums[label]! / count);
    });
    return { labels: this.#labels, confidence };
  }
}

/** Class of the largest of the scores `data[offset + c * stride]`; the first of equals. */
export function bestClass(data: Float32Array, offset: number, stride: number, classes: number): number {
  let best = 0;
  let score = data[offset]!;
  for (let c = 1; c < classes; c++) {
    const value = data[offset + c * stride]!;
    if (value > score) {
      score = value;
      best = c;
    }
  }
  return best;
}

/** Softmax of class `best` among the scores. */
export function softmaxOf(
  data: Float32Array,
  offset: number,
  stride: number,
  classes: number,
  best: number,
): number {
  const top = data[offset + best * stride]!;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(data[offset + c * stride]! - top);
  return 1 / sum;
}
