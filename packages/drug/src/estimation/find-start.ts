/** A start that a likelihood can begin from, where the given one is hopelessly far away. */
import { breathingPause, VisceraError } from "@viscera/core";
import { nelderMead } from "@viscera/numerics";
import { quantile } from "../population/results.js";
import type { EstimationProblem } from "./problem.js";
import { deviationOf } from "./residual-likelihood.js";
import type { SubjectProblem } from "./subject-problem.js";

/** Mean squared residual of the typical subject, in its variances with what effects may add, above which a start is far. */
const FAR = 50;
const MOST_SUBJECTS = 20;
const EVALUATIONS_A_PARAMETER = 120;

/** Whether the typical subjects miss their data by far. */
export function isFarStart({ space, subjects }: EstimationProblem): boolean {
  const { parameters, sigma } = space.values(space.start)!;
  let sum = 0;
  let count = 0;
  for (const subject of some(subjects)) {
    const predictions = typical(subject, parameters);
    if (predictions === null) return true;
    for (const [j, { value, censored }] of subject.data.observations.entries()) {
      if (censored) continue;
      const f = predictions[j]!;
      const terms = subject.data.terms[j]!;
      const relative = terms.every(({ kind }) => kind !== "additive");
      // The logarithm of a ratio does not overflow where a relative error has no width.
      const distance = !relative ? value - f : value > 0 ? Math.log(value / Math.abs(f)) : 1;
      const width = relative ? deviationOf(1, terms, sigma) : deviationOf(f, terms, sigma);
      sum += (distance / Math.hypot(width, relative ? 0.3 : 0.3 * f)) ** 2;
      count++;
    }
  }
  return !(sum <= FAR * count);
}

/**
 * The free vector with structural parameters that bring the typical subjects near their data: least squares of
 * asinh(y / s), which is linear for small and logarithmic for large values, without derivatives.
 */
export async function nearerStart(
  { space, subjects }: EstimationProblem,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const pause = breathingPause(signal);
  const chosen = some(subjects);
  const sizes = chosen
    .flatMap(({ data }) => data.observations.map(({ value }) => Math.abs(value)))
    .filter((value) => value > 0)
    .sort((a, b) => a - b);
  const scale = sizes.length > 0 ? quantile(sizes, 0.1) : 1;
  const p = space.structural.length;
  const whole = (part: ArrayLike<number>) => {
    const free = space.start.slice();
    free.set(Array.from(part));
    return free;
  };
  const distance = async (part: Float64Array): Promise<number> => {
    const values = space.values(whole(part));
    if (values === null) return Number.POSITIVE_INFINITY;
    let sum = 0;
    for (const subject of chosen) {
      await pause();
      const predictions = typical(subject, values.parameters);
      if (predictions === null) return Number.POSITIVE_INFINITY;
      for (const [j, { value, censored }] of subject.data.observations.entries()) {
        const difference = Math.asinh(value / scale) - Math.asinh(predictions[j]! / scale);
        if (!censored || difference < 0) sum += difference * difference;
      }
    }
    return sum;
  };
  const { x } = await nelderMead(distance, space.start.subarray(0, p), {
    step: 0.7,
    mostEvaluations: EVALUATIONS_A_PARAMETER * p,
    tolerance: 1e-4,
    signal,
  });
  return whole(x);
}

/** Evenly chosen ones. */
function some(subjects: readonly SubjectProblem[]): SubjectProblem[] {
  const every = Math.max(1, Math.ceil(subjects.length / MOST_SUBJECTS));
  return subjects.filter((_, i) => i % every === 0);
}

function typical(subject: SubjectProblem, parameters: Float64Array): Float64Array | null {
  try {
    return subject.predictions(parameters, new Float64Array(subject.size));
  } catch (error) {
    if (error instanceof VisceraError && error.code.startsWith("failed")) return null;
    throw error;
  }
}
