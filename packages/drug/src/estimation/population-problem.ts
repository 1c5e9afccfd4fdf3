import { breathingPause, type Pause, VisceraError } from "@viscera/core";
import type { Objective } from "@viscera/numerics";
import type { ParameterSpace } from "./parameter-space.js";
import type { InnerResult, PopulationValues, SubjectProblem } from "./subject-problem.js";

/** Of twice the promised decrease of a subject's inner problem. */
const INNER_TOLERANCE = 1e-10;

/**
 * -2 ln likelihood (without its constant) of all subjects as a function of the free vector. Each subject's effects start
 * from those of the last point whose gradient was asked for, so that results do not depend on any order.
 */
export class PopulationProblem implements Objective {
  readonly space: ParameterSpace;
  readonly subjects: readonly SubjectProblem[];
  readonly #pause: Pause;
  #starts: { effects: Float64Array; curvature: Float64Array | null }[];
  #last: { free: Float64Array; values: PopulationValues; results: InnerResult[] } | null = null;
  /** Per subject, of the last gradient. */
  #gradients: Float64Array[] = [];
  tolerance = INNER_TOLERANCE;

  constructor(space: ParameterSpace, subjects: readonly SubjectProblem[], signal?: AbortSignal) {
    this.space = space;
    this.subjects = subjects;
    this.#pause = breathingPause(signal);
    this.#starts = subjects.map(({ size }) => ({ effects: new Float64Array(size), curvature: null }));
  }

  /** Every subject's fit. Throws `failed.likelihood` with the subject's name; null where covariances degenerate. */
  async results(free: Float64Array): Promise<InnerResult[] | null> {
    if (this.#last !== null && free.every((value, i) => value === this.#last!.free[i]))
      return this.#last.results;
    const values = this.space.values(free);
    if (values === null) return null;
    const results: InnerResult[] = [];
    for (const [i, subject] of this.subjects.entries()) {
      await this.#pause();
      try {
        const { effects, curvature } = this.#starts[i]!;
        results.push(subject.fit(values, effects, { tolerance: this.tolerance, curvature }));
      } catch (error) {
        if (!(error instanceof VisceraError) || !error.code.startsWith("failed")) throw error;
        const message = error.message.replace(/^Subject [^:]*: /, "");
        throw new VisceraError(error.code, `Subject ${subject.data.id}: ${message}`, error.hint);
      }
    }
    this.#last = { free: free.slice(), values, results };
    return results;
  }

  async value(free: Float64Array): Promise<number> {
    try {
      const results = await this.results(free);
      return results === null
        ? Number.POSITIVE_INFINITY
        : results.reduce((sum, { objective }) => sum + objective, 0);
    } catch (error) {
      if (error instanceof VisceraError && error.code.startsWith("failed")) return Number.POSITIVE_INFINITY;
      throw error;
    }
  }

  async gradient(free: Float64Array): Promise<Float64Array> {
    const results = await this.results(free);
    if (results === null) return free.map(() => Number.NaN);
    const { values } = this.#last!;
    const gradients: Float64Array[] = [];
    for (const [i, subject] of this.subjects.entries()) {
      await this.#pause();
      const { effects } = results[i]!;
      const { curvature, ...natural } = subject.gradient(values, effects);
      this.#starts[i] = { effects, curvature };
      gradients.push(this.space.gradient(free, natural));
    }
    this.#gradients = gradients;
    const sum = new Float64Array(free.length);
    for (const gradient of this.#gradients) for (let k = 0; k < sum.length; k++) sum[k]! += gradient[k]!;
    return sum;
  }

  /** Sum of the products of each subject's gradient with itself, at the last point whose gradient was asked for. */
  gradientProducts(): Float64Array {
    const n = this.#gradients[0]?.length ?? 0;
    const sum = new Float64Array(n * n);
    for (const g of this.#gradients)
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sum[i * n + j]! += g[i]! * g[j]!;
    return sum;
  }
}
