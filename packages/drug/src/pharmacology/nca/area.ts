/** Areas under a concentration curve, and under its first moment, between measured points. */

/**
 * `linear`: trapezoids. `linear-up-log-down`: exponential between two points of a falling piece, trapezoids
 * elsewhere (Gabrielsson & Weiner 2016, section 2.8.1).
 */
export type AreaMethod = "linear" | "linear-up-log-down";

export interface Areas {
  /** Concentration times time. */
  auc: number;
  /** Concentration times time squared; time counts from the dose. */
  aumc: number;
}

export interface Point {
  /** After the dose. */
  time: number;
  concentration: number;
}

function fallsExponentially(a: Point, b: Point, method: AreaMethod): boolean {
  return method === "linear-up-log-down" && b.concentration < a.concentration && b.concentration > 0;
}

function between(a: Point, b: Point, method: AreaMethod): Areas {
  const span = b.time - a.time;
  if (span <= 0) return { auc: 0, aumc: 0 };
  if (!fallsExponentially(a, b, method)) {
    const auc = (span * (a.concentration + b.concentration)) / 2;
    return { auc, aumc: (span * (a.time * a.concentration + b.time * b.concentration)) / 2 };
  }
  const slope = Math.log(a.concentration / b.concentration) / span;
  const auc = (a.concentration - b.concentration) / slope;
  return { auc, aumc: (a.time * a.concentration - b.time * b.concentration + auc) / slope };
}

/** Areas from the first to the last point; times rise. */
export function areas(points: readonly Point[], method: AreaMethod): Areas {
  const total = { auc: 0, aumc: 0 };
  for (let i = 1; i < points.length; i++) {
    const { auc, aumc } = between(points[i - 1]!, points[i]!, method);
    total.auc += auc;
    total.aumc += aumc;
  }
  return total;
}

/** The concentration at a time between two points, by the same rule as the area. */
export function interpolate(points: readonly Point[], time: number, method: AreaMethod): number | null {
  const after = points.findIndex((point) => point.time >= time);
  const b = points[after];
  if (b === undefined) return null;
  if (b.time === time) return b.concentration;
  const a = points[after - 1];
  if (a === undefined) return null;
  const share = (time - a.time) / (b.time - a.time);
  return fallsExponentially(a, b, method)
    ? a.concentration * (b.concentration / a.concentration) ** share
    : a.concentration + share * (b.concentration - a.concentration);
}
