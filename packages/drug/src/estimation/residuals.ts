import { VisceraError } from "@viscera/core";
import { symmetricEigen } from "@viscera/numerics";
import type { EstimationProblem } from "./problem.js";
import { deviationOf } from "./residual-likelihood.js";
import type { InnerResult, PopulationValues } from "./subject-problem.js";

/** One observation beside what the model says of it. Values below a limit have no residuals. */
export interface ResidualRow {
  id: string;
  time: number;
  line: number;
  output: string;
  observed: number;
  censored: boolean;
  /** For the typical subject, and for this one. */
  predicted: number;
  individual: number;
  residual: number | null;
  /** Individual residual in standard deviations of the error. */
  individualWeighted: number | null;
  /** Conditional weighted residual (Hooker, Staatz & Karlsson 2007, doi:10.1007/s11095-007-9361-x). */
  conditionalWeighted: number | null;
}

/** Residuals of every observation at the fitted parameters and effects; of the logarithms for an exponential error. */
export function residualsOf(
  problem: EstimationProblem,
  values: PopulationValues,
  individuals: readonly InnerResult[],
): ResidualRow[] {
  return problem.subjects.flatMap((subject, i) => {
    const { effects, predictions } = individuals[i]!;
    const { observations, terms, layout, id } = subject.data;
    const typical = typicalOf(
      () => subject.predictions(values.parameters, new Float64Array(subject.size)),
      predictions,
    );
    const { byEffects } = subject.linearised(values, effects);
    const q = subject.size;
    // y - (f(b) - f_b b) and its covariance f_b Omega f_b' + R.
    const known = observations.flatMap(({ censored }, j) => (censored ? [] : [j]));
    const n = known.length;
    const slopes = known.map((j) => {
      const scale = terms[j]![0]!.kind === "exponential" ? 1 / predictions[j]! : 1;
      return Array.from({ length: q }, (_, a) => byEffects[j * q + a]! * scale);
    });
    const differences = known.map((j, r) => {
      const along = slopes[r]!.reduce((sum, slope, a) => sum + slope * effects[a]!, 0);
      return difference(observations[j]!.value, predictions[j]!, terms[j]![0]!.kind) + along;
    });
    const covariance = new Float64Array(n * n);
    const omega = subject.covariance(values);
    for (let r = 0; r < n; r++)
      for (let s = 0; s <= r; s++) {
        let sum = r === s ? deviationOf(predictions[known[r]!]!, terms[known[r]!]!, values.sigma) ** 2 : 0;
        for (let a = 0; a < q; a++)
          for (let c = 0; c < q; c++) sum += slopes[r]![a]! * omega[a * q + c]! * slopes[s]![c]!;
        covariance[r * n + s] = covariance[s * n + r] = sum;
      }
    const weighted = inverseRoot(covariance, differences, n);
    const records = new Map(layout.subject.records.map((record) => [record.line, record]));
    return observations.map(({ value, censored }, j): ResidualRow => {
      const line = layout.lines[j]!;
      const r = known.indexOf(j);
      const kind = terms[j]![0]!.kind;
      return {
        id,
        time: records.get(line)!.time,
        line,
        output: problem.individual.model.outputs[layout.outputs[j]!]!.name,
        observed: value,
        censored,
        predicted: typical[j]!,
        individual: predictions[j]!,
        residual: censored ? null : difference(value, typical[j]!, kind),
        individualWeighted: censored
          ? null
          : difference(value, predictions[j]!, kind) / deviationOf(predictions[j]!, terms[j]!, values.sigma),
        conditionalWeighted: r < 0 ? null : weighted[r]!,
      };
    });
  });
}

const difference = (observed: number, predicted: number, kind: string) =>
  kind === "exponential" ? Math.log(observed / predicted) : observed - predicted;

/** The typical subject may fail where the individual does not. */
function typicalOf(predict: () => Float64Array, shape: Float64Array): Float64Array {
  try {
    return predict();
  } catch (error) {
    if (error instanceof VisceraError && error.code.startsWith("failed")) return shape.map(() => Number.NaN);
    throw error;
  }
}

/** C^(-1/2) r, the symmetric root. */
function inverseRoot(matrix: Float64Array, vector: readonly number[], n: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n);
  const result = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    let along = 0;
    for (let i = 0; i < n; i++) along += vectors[k * n + i]! * vector[i]!;
    const share = along / Math.sqrt(values[k]!);
    for (let i = 0; i < n; i++) result[i]! += share * vectors[k * n + i]!;
  }
  return result;
}
