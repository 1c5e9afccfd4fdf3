import { upperTail } from "./normal.js";

/**
 * One-sided p value of Wilcoxon's signed-rank test that `a` is greater than `b`, case by case: zeros dropped, normal
 * approximation with continuity and tie correction (R's wilcox.test with exact = FALSE). Pairs with a NaN are left
 * out; NaN where no difference remains.
 */
export function wilcoxonGreater(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const differences: number[] = [];
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0 && !Number.isNaN(difference)) differences.push(difference);
  }
  const count = differences.length;
  if (count === 0) return Number.NaN;
  differences.sort((x, y) => Math.abs(x) - Math.abs(y));
  let positive = 0;
  let tied = 0;
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && Math.abs(differences[to]!) === Math.abs(differences[from]!)) to++;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) if (differences[i]! > 0) positive += rank;
    tied += (to - from) ** 3 - (to - from);
    from = to;
  }
  const spread = Math.sqrt((count * (count + 1) * (2 * count + 1)) / 24 - tied / 48);
  return upperTail((positive - (count * (count + 1)) / 4 - 0.5) / spread);
}

/** P values adjusted by Holm's method (Scandinavian Journal of Statistics 6 (1979) 65-70); NaN stays and is not counted. */
export function holmAdjusted(values: readonly number[]): number[] {
  const order = values
    .map((p, i) => ({ p, i }))
    .filter(({ p }) => !Number.isNaN(p))
    .sort((x, y) => x.p - y.p);
  const adjusted = values.map(() => Number.NaN);
  let most = 0;
  for (const [n, { p, i }] of order.entries()) {
    most = Math.max(most, Math.min(1, (order.length - n) * p));
    adjusted[i] = most;
  }
  return adjusted;
}
