/** The healthy course of a vessel's radius, and where it is narrowed against that. */
import type { Stenosis } from "@viscera/core";
import { pointAlong } from "./polyline.js";
import type { Point } from "./vector.js";

/** Radius at the start, and its change per mm. */
export interface Taper {
  radiusMm: number;
  slope: number;
}

/** A narrowing begins where the radius is this share below the fit ... */
const EDGE = 0.1;
/** ... and is one where it loses this share of the diameter at least. */
const LEAST = 0.2;
/** A fit needs so many radii of length; shorter vessels get their median radius. */
const FITTED_RADII = 4;

/** What lies this near to a line, as a share of it, agrees with it. */
const AGREES = 0.07;
/** Lines are tried through all pairs of so many places along the vessel. */
const PLACES = 24;

/**
 * The straight line of radius over length with which most of the vessel agrees, so that narrowings and widenings do not
 * pull it; of lines that equally much agrees with, the wider one (then least squares through what agrees). A vessel that
 * is narrowed over more than half of its length is therefore not seen as narrowed.
 */
export function fitTaper(
  arcMm: readonly number[],
  radiusMm: readonly number[],
  regular: readonly boolean[],
): Taper {
  const used = arcMm.map((_, i) => i).filter((i) => regular[i]);
  const all = used.length >= 3 ? used : arcMm.map((_, i) => i);
  const sorted = all.map((i) => radiusMm[i]!).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1]!;
  const span = arcMm[all.at(-1)!]! - arcMm[all[0]!]!;
  if (all.length < 6 || span < FITTED_RADII * median) return { radiusMm: median, slope: 0 };
  const agreeing = ({ radiusMm: start, slope }: Taper) =>
    all.filter((i) => {
      const expected = start + slope * arcMm[i]!;
      return Math.abs(radiusMm[i]! - expected) < AGREES * expected;
    });
  const places = Array.from(
    { length: PLACES },
    (_, n) => all[Math.round((n * (all.length - 1)) / (PLACES - 1))]!,
  );
  let best: { agree: number[]; middle: number } = { agree: [], middle: 0 };
  for (let x = 0; x < PLACES; x++)
    for (let y = x + 1; y < PLACES; y++) {
      const [i, j] = [places[x]!, places[y]!];
      if (arcMm[j]! - arcMm[i]! < span / 4) continue;
      const slope = (radiusMm[j]! - radiusMm[i]!) / (arcMm[j]! - arcMm[i]!);
      const line = { radiusMm: radiusMm[i]! - slope * arcMm[i]!, slope };
      const ends = [all[0]!, all.at(-1)!].map((n) => line.radiusMm + slope * arcMm[n]!);
      // Vessels taper; none loses three quarters of its width between two branch points.
      if (Math.min(...ends) < 0.25 * Math.max(...ends)) continue;
      const agree = agreeing(line);
      const middle = (ends[0]! + ends[1]!) / 2;
      const more = agree.length - best.agree.length;
      if (more > 0 || (more === 0 && middle > best.middle)) best = { agree, middle };
    }
  if (best.agree.length < 3) return { radiusMm: median, slope: 0 };
  const fit = leastSquares(best.agree, arcMm, radiusMm);
  const least = Math.min(fit.radiusMm, fit.radiusMm + fit.slope * arcMm.at(-1)!);
  return least > 0.2 * median ? fit : { radiusMm: median, slope: 0 };
}

function leastSquares(used: readonly number[], x: readonly number[], y: readonly number[]): Taper {
  const n = used.length;
  const mx = used.reduce((sum, i) => sum + x[i]!, 0) / n;
  const my = used.reduce((sum, i) => sum + y[i]!, 0) / n;
  let [xx, xy] = [0, 0];
  for (const i of used) {
    xx += (x[i]! - mx) ** 2;
    xy += (x[i]! - mx) * (y[i]! - my);
  }
  const slope = xx > 0 ? xy / xx : 0;
  return { radiusMm: my - slope * mx, slope };
}

/** Narrowings of at least a fifth of the fitted diameter, from the segment's start on. */
export function findStenoses(
  points: readonly Point[],
  arcMm: readonly number[],
  radiusMm: readonly number[],
  regular: readonly boolean[],
  taper: Taper,
): Stenosis[] {
  const reference = (i: number) => taper.radiusMm + taper.slope * arcMm[i]!;
  const out: Stenosis[] = [];
  for (let i = 0; i < arcMm.length; ) {
    if (!regular[i] || radiusMm[i]! >= (1 - EDGE) * reference(i)) {
      i++;
      continue;
    }
    const start = i;
    let worst = i;
    for (; i < arcMm.length && regular[i] && radiusMm[i]! < (1 - EDGE) * reference(i); i++)
      if (radiusMm[i]! / reference(i) < radiusMm[worst]! / reference(worst)) worst = i;
    const ratio = radiusMm[worst]! / reference(worst);
    if (1 - ratio < LEAST) continue;
    out.push({
      atMm: arcMm[worst]!,
      positionMm: pointAlong(points, arcMm, arcMm[worst]!),
      lengthMm: arcMm[i - 1]! - arcMm[start]!,
      radiusMm: radiusMm[worst]!,
      referenceRadiusMm: reference(worst),
      percentDiameter: 100 * (1 - ratio),
      percentArea: 100 * (1 - ratio * ratio),
    });
  }
  return out;
}
