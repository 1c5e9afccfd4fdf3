/**
 * Many tensors laid end to end in one vector, so that optimiser and checkpoints treat a network of a thousand
 * tensors as one, while sessions get each as a view without a copy.
 */
import { elementCount, floatTensor, type Tensor } from "../tensor.js";

export interface VectorEntry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Neighbours of one learning-rate scale. */
export interface VectorStretch {
  readonly start: number;
  readonly end: number;
  readonly scale: number;
}

export class ParameterVector {
  readonly entries: readonly VectorEntry[];
  readonly stretches: readonly VectorStretch[];
  readonly length: number;

  /** Tensors of one scale lie together; otherwise the order stays. */
  constructor(
    tensors: readonly { name: string; dims: readonly number[] }[],
    scaleOf: (name: string) => number,
  ) {
    const scales = [...new Set(tensors.map(({ name }) => scaleOf(name)))];
    const entries: VectorEntry[] = [];
    const stretches: VectorStretch[] = [];
    let end = 0;
    for (const scale of scales) {
      const first = end;
      for (const { name, dims } of tensors) {
        if (scaleOf(name) !== scale) continue;
        const start = end;
        end += elementCount(dims);
        entries.push({ name, dims, start, end });
      }
      stretches.push({ start: first, end, scale });
    }
    this.entries = entries;
    this.stretches = stretches;
    this.length = end;
  }

  /** The tensors of a vector by name, as views of it. */
  views(vector: Float32Array, prefix = ""): Map<string, Tensor> {
    return new Map(
      this.entries.map(({ name, dims, start, end }) => [
        prefix + name,
        floatTensor(vector.subarray(start, end), dims),
      ]),
    );
  }

  /** Writes tensors into a vector. */
  fill(vector: Float32Array, tensorOf: (name: string) => Tensor): void {
    for (const { name, start } of this.entries) vector.set(tensorOf(name).data as Float32Array, start);
  }
}
