import type { Point } from "./area.js";

/** A straight line through the logarithms of the last concentrations. */
export interface TerminalPhase {
  /** Per unit of time, above 0. */
  lambdaZ: number;
  /** Natural logarithm of the line at the dose. */
  intercept: number;
  adjustedR2: number;
  points: number;
  /** First and last time used. */
  from: number;
  to: number;
}

/** Of fits that come so near to the best one, that with most points is taken. */
const SAME_FIT = 1e-4;
const FEWEST_POINTS = 3;

/**
 * The terminal phase by the best adjusted R2 over the last 3, 4, ... measurable points after the peak; after a
 * bolus the peak itself may be one. Null where no such line falls.
 */
export function terminalPhase(points: readonly Point[], bolus: boolean): TerminalPhase | null {
  const measurable = points.filter(({ concentration }) => concentration > 0);
  const peak = measurable.reduce((best, point, i) => {
    return point.concentration > measurable[best]!.concentration ? i : best;
  }, 0);
  const usable = measurable.slice(bolus ? peak : peak + 1);
  const fits: TerminalPhase[] = [];
  for (let count = FEWEST_POINTS; count <= usable.length; count++) {
    const fit = fitted(usable.slice(-count));
    if (fit !== null) fits.push(fit);
  }
  const best = Math.max(...fits.map(({ adjustedR2 }) => adjustedR2));
  return fits.findLast(({ adjustedR2 }) => adjustedR2 >= best - SAME_FIT) ?? null;
}

function fitted(points: readonly Point[]): TerminalPhase | null {
  const n = points.length;
  const logs = points.map(({ concentration }) => Math.log(concentration));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
  const meanTime = mean(points.map(({ time }) => time));
  const meanLog = mean(logs);
  let tt = 0;
  let tl = 0;
  let ll = 0;
  for (const [i, { time }] of points.entries()) {
    tt += (time - meanTime) ** 2;
    tl += (time - meanTime) * (logs[i]! - meanLog);
    ll += (logs[i]! - meanLog) ** 2;
  }
  const slope = tl / tt;
  if (!(slope < 0)) return null;
  const r2 = (tl * tl) / (tt * ll);
  return {
    lambdaZ: -slope,
    intercept: meanLog - slope * meanTime,
    adjustedR2: 1 - ((1 - r2) * (n - 1)) / (n - 2),
    points: n,
    from: points[0]!.time,
    to: points[n - 1]!.time,
  };
}
