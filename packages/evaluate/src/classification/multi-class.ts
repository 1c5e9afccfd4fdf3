/** Scores of several classes: `probabilities[sample][class]`, `classes[sample]` the true one from 0 on. */
import { usageError } from "@viscera/core";

export type ClassAverage = "macro" | "weighted" | "micro";

type BinaryScore = (scores: ArrayLike<number>, isPositive: ArrayLike<number>) => number;

/** A two-class score for each class against all others. */
export function perClass(
  score: BinaryScore,
  probabilities: readonly (readonly number[])[],
  classes: readonly number[],
): number[] {
  return Array.from({ length: classCount(probabilities) }, (_, k) =>
    score(
      probabilities.map((row) => row[k]!),
      classes.map((c) => (c === k ? 1 : 0)),
    ),
  );
}

/** Their mean (macro), mean by occurrence (weighted), or the score of all samples' classes in one list (micro). */
export function averagedOverClasses(
  score: BinaryScore,
  average: ClassAverage,
  probabilities: readonly (readonly number[])[],
  classes: readonly number[],
): number {
  const count = classCount(probabilities);
  if (average === "micro")
    return score(
      probabilities.flat(),
      classes.flatMap((c) => Array.from({ length: count }, (_, k) => (k === c ? 1 : 0))),
    );
  const values = perClass(score, probabilities, classes);
  const weights = values.map((_, k) => (average === "macro" ? 1 : classes.filter((c) => c === k).length));
  const total = weights.reduce((a, b) => a + b, 0);
  return values.reduce((sum, value, k) => sum + value * weights[k]!, 0) / total;
}

/** Share of samples whose true class is among the `k` most probable ones. */
export function topAccuracy(
  probabilities: readonly (readonly number[])[],
  classes: readonly number[],
  k: number,
): number {
  const hits = probabilities.filter((row, n) => {
    const own = row[classes[n]!]!;
    return row.filter((p) => p > own).length < k;
  });
  return hits.length / classes.length;
}

function classCount(probabilities: readonly (readonly number[])[]): number {
  const count = probabilities[0]?.length ?? 0;
  if (count < 2 || probabilities.some((row) => row.length !== count))
    throw usageError("Each sample needs a probability for each of two or more classes.");
  return count;
}
