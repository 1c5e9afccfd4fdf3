/** What one person's curve amounts to within a window of time. */
import { curveMeasures } from "../measures.js";
import { type AreaMethod, areas, type Point } from "../pharmacology/nca/area.js";

export const EXPOSURE_NAMES = ["cmax", "tmax", "cmin", "clast", "auc", "caverage", "halfLife"] as const;
export type ExposureName = (typeof EXPOSURE_NAMES)[number];

/** For people. */
export const EXPOSURE_LABELS: Readonly<Record<ExposureName, string>> = {
  cmax: "Peak",
  tmax: "Time to the peak",
  cmin: "Lowest",
  clast: "Last value",
  auc: "Area under the curve",
  caverage: "Average",
  halfLife: "Terminal half-life",
};

const METHOD: AreaMethod = "linear-up-log-down";

export interface Window {
  from: number;
  until: number;
  /** Of the last dose: the terminal phase begins after it. */
  lastDose: number;
}

/**
 * Measures in the order of EXPOSURE_NAMES of a curve at rising times (two of one time around a jump). The time to the
 * peak counts from the window's beginning. The area comes
 * from the cumulated areas where they are given, exactly, else by the linear-up log-down rule; a half-life without a
 * falling end is NaN.
 */
export function exposureOf(
  times: Float64Array,
  values: Float64Array,
  cumulated: Float64Array | null,
  { from, until, lastDose }: Window,
): Float64Array {
  const [first, last] = windowRows(times, from, until);
  let cmax = Number.NEGATIVE_INFINITY;
  let cmin = Number.POSITIVE_INFINITY;
  let tmax = 0;
  for (let i = first; i <= last; i++) {
    const value = values[i]!;
    if (value > cmax) [cmax, tmax] = [value, times[i]! - from];
    cmin = Math.min(cmin, value);
  }
  const auc = cumulated
    ? cumulated[last]! - cumulated[first]!
    : areas(pointsOf(times, values, first, last), METHOD).auc;
  const { halfLifeH } = curveMeasures(times, values, auc, lastDose);
  return Float64Array.of(
    cmax,
    tmax,
    cmin,
    values[last]!,
    auc,
    until > from ? auc / (until - from) : values[last]!,
    halfLifeH ?? Number.NaN,
  );
}

/** Share of a window, 0 to 1, that a curve spends above a threshold; falling pieces are exponential. */
export function shareAbove(
  times: ArrayLike<number>,
  values: ArrayLike<number>,
  threshold: number,
  { from, until }: Window,
): number {
  const [first, last] = windowRows(times, from, until);
  let above = 0;
  for (let i = first + 1; i <= last; i++) {
    const [a, b] = [values[i - 1]!, values[i]!];
    const span = times[i]! - times[i - 1]!;
    if (a > threshold && b > threshold) above += span;
    else if (a > threshold !== b > threshold) {
      const falls = a > b && b > 0;
      const crossing = falls ? Math.log(a / threshold) / Math.log(a / b) : (threshold - a) / (b - a);
      above += span * (a > threshold ? crossing : 1 - crossing);
    }
  }
  return until > from ? above / (until - from) : 0;
}

/** First and last row within a window: after a jump at its beginning, before one at its end. */
export function windowRows(times: ArrayLike<number>, from: number, until: number): [number, number] {
  let first = 0;
  while (first + 1 < times.length && times[first + 1]! <= from) first++;
  let last = times.length - 1;
  while (last > first && times[last - 1]! >= until) last--;
  return [first, last];
}

function pointsOf(times: ArrayLike<number>, values: ArrayLike<number>, first: number, last: number): Point[] {
  const points: Point[] = [];
  for (let i = first; i <= last; i++) points.push({ time: times[i]!, concentration: values[i]! });
  return points;
}
