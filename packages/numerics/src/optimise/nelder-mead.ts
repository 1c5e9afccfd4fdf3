import { throwIfCancelled } from "@viscera/core";

export interface NelderMeadOptions {
  /** Size of the first simplex along each variable; default 0.5. */
  step?: number;
  /** Default 200 for each variable. */
  mostEvaluations?: number;
  /** Stop when the values at the corners differ by less, relative to the best and absolutely; default 1e-8. */
  tolerance?: number;
  signal?: AbortSignal | undefined;
}

interface Corner {
  x: Float64Array;
  value: number;
}

/**
 * Minimises without derivatives (Nelder & Mead 1965, doi:10.1093/comjnl/7.4.308, with the coefficients that Gao & Han 2012,
 * doi:10.1007/s10589-010-9329-3, give for many variables). Values that are not finite count as worst.
 */
export async function nelderMead(
  f: (x: Float64Array) => number | Promise<number>,
  start: ArrayLike<number>,
  { step = 0.5, mostEvaluations = 200 * start.length, tolerance = 1e-8, signal }: NelderMeadOptions = {},
): Promise<{ x: Float64Array; value: number; evaluations: number; converged: boolean }> {
  const n = start.length;
  let evaluations = 0;
  const at = async (x: Float64Array): Promise<Corner> => {
    throwIfCancelled(signal);
    evaluations++;
    const value = await f(x);
    return { x, value: Number.isFinite(value) ? value : Number.POSITIVE_INFINITY };
  };
  const m = Math.max(2, n);
  const [expansion, contraction, shrinkage] = [1 + 2 / m, 0.75 - 1 / (2 * m), 1 - 1 / m];
  const first = await at(Float64Array.from(start));
  const corners = [first];
  for (let i = 0; i < n; i++) {
    const x = first.x.slice();
    x[i]! += step;
    corners.push(await at(x));
  }
  const settled = () => {
    const best = corners[0]!.value;
    const spread = corners[n]!.value - best;
    return spread <= tolerance * (Math.abs(best) + 1);
  };
  for (;;) {
    corners.sort((a, b) => a.value - b.value);
    const [best, worst] = [corners[0]!, corners[n]!];
    if (n === 0 || settled()) return { ...best, evaluations, converged: Number.isFinite(best.value) };
    if (evaluations >= mostEvaluations) return { ...best, evaluations, converged: false };
    const centre = new Float64Array(n);
    for (const { x } of corners.slice(0, n)) for (let i = 0; i < n; i++) centre[i]! += x[i]! / n;
    const along = (t: number) => at(centre.map((c, i) => c + t * (c - worst.x[i]!)));
    const reflected = await along(1);
    if (reflected.value < best.value) {
      const expanded = await along(expansion);
      corners[n] = expanded.value < reflected.value ? expanded : reflected;
      continue;
    }
    if (reflected.value < corners[n - 1]!.value) {
      corners[n] = reflected;
      continue;
    }
    const outside = reflected.value < worst.value;
    const contracted = await along(outside ? contraction : -contraction);
    if (contracted.value < Math.min(reflected.value, worst.value)) {
      corners[n] = contracted;
      continue;
    }
    for (let k = 1; k <= n; k++) {
      const corner = corners[k]!;
      corners[k] = await at(corner.x.map((v, i) => best.x[i]! + shrinkage * (v - best.x[i]!)));
    }
  }
}
