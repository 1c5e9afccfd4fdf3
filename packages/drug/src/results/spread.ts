import { quantile } from "../population/results.js";

/**
 * Quantiles at each place of curves of equal length, over those that have a finite value there; NaN where fewer than
 * half have one.
 */
export function quantileCurves(curves: readonly Float64Array[], shares: readonly number[]): Float64Array[] {
  const length = curves[0]?.length ?? 0;
  const found = shares.map(() => new Float64Array(length).fill(Number.NaN));
  for (let i = 0; i < length; i++) {
    const values = Float64Array.from(curves.map((curve) => curve[i]!).filter(Number.isFinite)).sort();
    if (values.length * 2 < curves.length) continue;
    for (const [s, share] of shares.entries()) found[s]![i] = quantile(values, share);
  }
  return found;
}
