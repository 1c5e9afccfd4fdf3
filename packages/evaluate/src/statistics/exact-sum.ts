/**
 * Sum without rounding but the last (Shewchuk 1997, doi:10.1007/PL00009321): whatever the order of the values, equal
 * lists have equal sums, so that algorithms with the same results tie. With an infinite value the sum is infinite or NaN.
 */
export function exactSum(values: readonly number[]): number {
  if (!values.every(Number.isFinite)) return values.reduce((sum, value) => sum + value, 0);
  // Partial sums that do not overlap, by ascending size.
  const partials: number[] = [];
  for (const value of values) {
    let x = value;
    let kept = 0;
    for (const partial of partials) {
      const [large, small] = Math.abs(x) < Math.abs(partial) ? [partial, x] : [x, partial];
      const sum = large + small;
      const rest = small - (sum - large);
      if (rest !== 0) partials[kept++] = rest;
      x = sum;
    }
    partials.length = kept;
    partials.push(x);
  }
  let sum = 0;
  let rest = 0;
  let at = partials.length;
  while (at > 0 && rest === 0) {
    const partial = partials[--at]!;
    const next = sum + partial;
    rest = partial - (next - sum);
    sum = next;
  }
  // Half a unit in the last place is rounded by what lies below it.
  const below = at > 0 ? partials[at - 1]! : 0;
  if ((rest < 0 && below < 0) || (rest > 0 && below > 0)) {
    const twice = 2 * rest;
    const rounded = sum + twice;
    if (twice === rounded - sum) return rounded;
  }
  return sum;
}
