export type Ties = "min" | "max";

/**
 * Ranks from 1, the best: the smallest value where `smallerIsBetter`. Equal values share the smallest (`min`) or the
 * largest (`max`) of their ranks; NaN comes after all numbers.
 */
export function ranksOf(values: readonly number[], smallerIsBetter: boolean, ties: Ties = "min"): number[] {
  const cost = values.map((value) => (Number.isNaN(value) ? Number.NaN : smallerIsBetter ? value : -value));
  // NaN compares false with everything, so it is counted by hand.
  const before = (a: number, b: number) => a < b || (Number.isNaN(b) && !Number.isNaN(a));
  return cost.map((own) => {
    const better = cost.filter((other) => before(other, own)).length;
    return ties === "min" ? better + 1 : cost.length - cost.filter((other) => before(own, other)).length;
  });
}
