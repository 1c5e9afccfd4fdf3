/** Kendall's tau-b between two rankings of the same things (doi:10.1093/biomet/33.3.239); NaN where one ties all. */
export function kendallTau(a: readonly number[], b: readonly number[]): number {
  let agreement = 0;
  let untiedA = 0;
  let untiedB = 0;
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const x = Math.sign(a[i]! - a[j]!);
      const y = Math.sign(b[i]! - b[j]!);
      agreement += x * y;
      untiedA += x * x;
      untiedB += y * y;
    }
  return agreement / Math.sqrt(untiedA * untiedB);
}
