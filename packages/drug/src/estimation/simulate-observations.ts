import { breathingPause, type JobOptions, RandomStream, VisceraError } from "@viscera/core";
import { cholesky } from "@viscera/numerics";
import type { EstimationProblem } from "./problem.js";
import { deviationOf } from "./residual-likelihood.js";
import type { PopulationValues } from "./subject-problem.js";

export interface SimulationSettings extends JobOptions {
  replicates: number;
  seed: number;
}

/** Draws for one subject, of effects and of errors. */
const MOST_DRAWS = 1_000_000;

/**
 * The data set drawn anew from the model, `replicates` times: per subject a table replicates x observations. Draws depend
 * on seed, replicate and subject only. Throws `failed.simulation` where the model fails for a subject again and again.
 */
export async function simulateObservations(
  { subjects }: EstimationProblem,
  values: PopulationValues,
  { replicates, seed, signal, onProgress }: SimulationSettings,
): Promise<Float64Array[]> {
  const random = new RandomStream(seed, "drug.fit.simulation");
  const pause = breathingPause(signal);
  const tables: Float64Array[] = [];
  for (const [s, subject] of subjects.entries()) {
    const { observations, terms } = subject.data;
    const n = observations.length;
    const q = subject.size;
    const root = cholesky(subject.covariance(values), q)!;
    const table = new Float64Array(replicates * n);
    onProgress?.({ stage: "simulating", done: s, total: subjects.length });
    for (let k = 0; k < replicates; k++) {
      await pause();
      const draw = (index: number) => random.normal(k, s * MOST_DRAWS + index);
      const normal = Float64Array.from({ length: q }, (_, a) => draw(a));
      const effects = new Float64Array(q);
      for (let a = 0; a < q; a++) for (let c = 0; c <= a; c++) effects[a]! += root[a * q + c]! * normal[c]!;
      let predictions: Float64Array;
      try {
        predictions = subject.predictions(values.parameters, effects);
      } catch (error) {
        if (!(error instanceof VisceraError) || !error.code.startsWith("failed")) throw error;
        predictions = new Float64Array(n).fill(Number.NaN);
      }
      for (let j = 0; j < n; j++) {
        const noise = deviationOf(predictions[j]!, terms[j]!, values.sigma) * draw(q + j);
        const f = predictions[j]!;
        table[k * n + j] = terms[j]![0]!.kind === "exponential" ? f * Math.exp(noise) : f + noise;
      }
    }
    tables.push(table);
  }
  return tables;
}
