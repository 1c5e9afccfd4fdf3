/** Which cases are held back for validation. */
import { RandomStream, usageError } from "@viscera/core";

export interface Fold {
  training: string[];
  validation: string[];
}

/**
 * Splits cases into folds of equal size (to within one case), each case once in a validation part. It depends on
 * the ids and the seed only, not on the ids' order: they are sorted, then shuffled (Fisher-Yates). nnU-Net's own
 * splits come from another generator and differ. Throws `usage` where there are fewer cases than folds.
 */
export function splitFolds(ids: readonly string[], folds = 5, seed = 0): Fold[] {
  if (!Number.isInteger(folds) || folds < 2 || folds > ids.length) {
    throw usageError(
      `${ids.length} cases cannot be split into ${folds} folds.`,
      "Take at least 2 folds and at most as many as there are cases.",
    );
  }
  const random = new RandomStream(seed, "segment.folds");
  const shuffled = [...ids].sort();
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.integer(i + 1, 0, i);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return Array.from({ length: folds }, (_, fold) => {
    const from = Math.floor((shuffled.length * fold) / folds);
    const to = Math.floor((shuffled.length * (fold + 1)) / folds);
    return {
      training: [...shuffled.slice(0, from), ...shuffled.slice(to)].sort(),
      validation: shuffled.slice(from, to).sort(),
    };
  });
}
