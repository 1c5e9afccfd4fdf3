/** Which rows of a long series are drawn. */

/**
 * Row numbers, at most about `limit`: every column's lowest and highest value within each of equal stretches, and rows at
 * equal distances, as curves that only rise or fall need them.
 */
export function thinnedRows(columns: readonly ArrayLike<number>[], count: number, limit: number): number[] {
  if (count <= limit) return Array.from({ length: count }, (_, i) => i);
  const stretches = Math.max(1, Math.floor(limit / 2 / (2 * columns.length + 1)));
  const kept = new Set<number>([0, count - 1]);
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * count) / stretches);
    const to = Math.floor(((s + 1) * count) / stretches);
    for (const column of columns) {
      let low = -1;
      let high = -1;
      for (let i = from; i < to; i++) {
        const value = column[i]!;
        if (!Number.isFinite(value)) continue;
        if (low < 0 || value < column[low]!) low = i;
        if (high < 0 || value > column[high]!) high = i;
      }
      kept.add(low < 0 ? from : low);
      kept.add(high < 0 ? from : high);
    }
  }
  for (const row of everyFew(count, Math.max(2, limit - kept.size))) kept.add(row);
  return [...kept].sort((a, b) => a - b);
}

/** At most `limit` of `count`, at equal distances. */
export function everyFew(count: number, limit: number): number[] {
  if (count <= limit) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: limit }, (_, i) => Math.floor((i * count) / limit));
}
