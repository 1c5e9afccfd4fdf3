/**
 * Value below which `percent` of the values lie, linear between neighbours (numpy's and torch's default); NaN without
 * values and between two infinities. `sorted` is in ascending order.
 */
export function percentileOf(sorted: ArrayLike<number>, percent: number): number {
  const count = sorted.length;
  if (count === 0) return Number.NaN;
  const place = (percent / 100) * (count - 1);
  const low = Math.floor(place);
  const high = Math.min(count - 1, low + 1);
  const share = place - low;
  const a = sorted[low]!;
  const b = sorted[high]!;
  return share === 0 ? a : a + (b - a) * share;
}

/** Mean of the values; NaN without any. */
export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
