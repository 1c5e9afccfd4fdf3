/** Dice of a prediction against the truth, and its means over cases and structures. */
import { failedError } from "@viscera/core";

/** Dice of one case: entry `c - 1` belongs to class `c`; null where it is not counted. */
export interface CaseScore {
  id: string;
  dice: (number | null)[];
  /** Of the network in what it labelled so, by class as the Dice; null where it found nothing. */
  confidence?: (number | null)[];
}

/** Dice over several cases. */
export interface Scores {
  cases: CaseScore[];
  /** Mean over the cases that count, by class as in `CaseScore`; null where none does. */
  structures: (number | null)[];
  /** Mean of the structures that count; null where none does. */
  mean: number | null;
}

/**
 * Plain Dice, 2 |A and B| / (|A| + |B|), of classes 1 to `classes - 1`. A class that is neither in the truth
 * nor predicted, or was not annotated in this case (`known`), is null. Voxels whose truth is `ignored` are
 * left out. Throws `failed.shape` for arrays of different length.
 */
export function diceOfClasses(
  predicted: ArrayLike<number>,
  truth: ArrayLike<number>,
  classes: number,
  { known = null, ignored = null }: { known?: readonly number[] | null; ignored?: number | null } = {},
): (number | null)[] {
  if (predicted.length !== truth.length) {
    throw failedError(
      "shape",
      `A prediction of ${predicted.length} voxels was compared with ${truth.length} voxels.`,
    );
  }
  const both = new Float64Array(classes);
  const sums = new Float64Array(classes);
  for (let i = 0; i < truth.length; i++) {
    const t = truth[i]!;
    if (t === ignored) continue;
    const p = predicted[i]!;
    if (t < classes) sums[t]! += 1;
    if (p < classes) sums[p]! += 1;
    if (t === p) both[t]! += 1;
  }
  return Array.from({ length: classes - 1 }, (_, i) => {
    const c = i + 1;
    if (sums[c] === 0 || (known !== null && !known.includes(c))) return null;
    return (2 * both[c]!) / sums[c]!;
  });
}

/** Mean of the numbers among the values; null where there is none. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const counted = values.filter((value) => value !== null);
  return counted.length === 0 ? null : counted.reduce((sum, value) => sum + value, 0) / counted.length;
}

/** Means per structure and over all of them. */
export function scoresOf(cases: readonly CaseScore[], classes: number): Scores {
  const structures = Array.from({ length: classes - 1 }, (_, i) =>
    meanOf(cases.map(({ dice }) => dice[i] ?? null)),
  );
  return { cases: [...cases], structures, mean: meanOf(structures) };
}
