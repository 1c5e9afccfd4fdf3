import { cholesky, inverseCholesky, logDeterminant } from "@viscera/numerics";

/** A covariance with what is needed of it. */
export interface Covariance {
  size: number;
  matrix: Float64Array;
  inverse: Float64Array;
  logDeterminant: number;
}

/** Null for a matrix that is not positive definite. */
export function covarianceOf(matrix: Float64Array, size: number): Covariance | null {
  const factor = cholesky(matrix, size);
  if (factor === null) return null;
  const inverse = inverseCholesky(factor, size);
  return { size, matrix, inverse, logDeterminant: logDeterminant(factor, size) };
}

/** The normal distribution of one subject's effects: its own, then those of each of its occasions. */
export class EffectPrior {
  readonly subject: Covariance;
  readonly occasion: Covariance;
  /** Where each block begins. */
  readonly blocks: readonly (readonly [number, Covariance])[];
  readonly size: number;

  constructor(subject: Covariance, occasion: Covariance, occasions: number) {
    this.subject = subject;
    this.occasion = occasion;
    this.size = subject.size + occasions * occasion.size;
    this.blocks = [
      [0, subject],
      ...Array.from({ length: occasions }, (_, o) => [subject.size + o * occasion.size, occasion] as const),
    ];
  }

  get logDeterminant(): number {
    return this.blocks.reduce((sum, [, block]) => sum + block.logDeterminant, 0);
  }

  /** P b, P the inverse covariance. */
  weighted(b: Float64Array): Float64Array {
    const result = new Float64Array(b.length);
    for (const [start, { size: n, inverse }] of this.blocks)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) result[start + i]! += inverse[i * n + j]! * b[start + j]!;
    return result;
  }

  /** Adds P to a matrix. */
  addInverse(matrix: Float64Array): void {
    this.#add(matrix, ({ inverse }) => inverse);
  }

  /** The whole covariance. */
  matrix(): Float64Array {
    const matrix = new Float64Array(this.size ** 2);
    this.#add(matrix, (block) => block.matrix);
    return matrix;
  }

  #add(to: Float64Array, part: (block: Covariance) => Float64Array): void {
    for (const [start, block] of this.blocks) {
      const [n, from] = [block.size, part(block)];
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) to[(start + i) * this.size + start + j]! += from[i * n + j]!;
    }
  }

  /** Standard deviations of the effects. */
  widths(): Float64Array {
    const widths = new Float64Array(this.size);
    for (const [start, { size, matrix }] of this.blocks)
      for (let i = 0; i < size; i++) widths[start + i] = Math.sqrt(matrix[i * size + i]!);
    return widths;
  }
}
