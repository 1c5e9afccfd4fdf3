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

/**
 * A straight line through radius over length that narrowings and widenings do not pull: fitted by least squares to what
 * lies within a shrinking distance of the line before, from a start at the upper part of the radii (of a vessel that is
 * narrowed over half its length the wide half is the healthy one).
 */
export function fitTaper(
  arcMm: readonly number[],
  radiusMm: readonly number[],
  regular: readonly boolean[],
): Taper {
  const used = arcMm.map((_, i) => i).filter((i) => regular[i]);
  const all = used.length >= 3 ? used : arcMm.map((_, i) => i);
  const sorted = all.map((i) => radiusMm[i]!).sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const median = quantile(0.5);
  const span = arcMm[all.at(-1)!]! - arcMm[all[0]!]!;
  if (all.length < 6 || span < FITTED_RADII * median) return { radiusMm: median, slope: 0 };
  let fit = leastSquares(all, arcMm, radiusMm);
  for (const [below, above] of [
    [0.25, 0.5],
    [0.15, 0.3],
    [0.1, 0.2],
    [0.08, 0.15],
    [0.06, 0.12],
    [0.06, 0.12],
  ] as const) {
    const kept = all.filter((i) => {
      const expected = fit.radiusMm + fit.slope * arcMm[i]!;
      return radiusMm[i]! > expected * (1 - below) && radiusMm[i]! < expected * (1 + above);
    });
    const reach = kept.length > 0 ? arcMm[kept.at(-1)!]! - arcMm[kept[0]!]! : 0;
    // What is left must still span the vessel, or its slope says nothing of the rest.
    if (kept.length < 6 || reach < span / 2) break;
    fit = leastSquares(kept, arcMm, radiusMm);
  }
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
