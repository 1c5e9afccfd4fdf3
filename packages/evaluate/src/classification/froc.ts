/** Free-response ROC of detections, by the CAMELYON rule as MONAI computes it. */
import { usageError } from "@viscera/core";

export interface FrocImage {
  /** Number of targets in the image. */
  targets: number;
  /** Each detection's probability, and the target it hits (from 0 on) or null. */
  detections: readonly { probability: number; target: number | null }[];
}

export interface FrocCurve {
  falsePositivesPerImage: number[];
  sensitivity: number[];
}

/**
 * The curve over all probabilities that occur, but not at the lowest of them. A target counts at the highest
 * probability of its detections; a missed one enters with probability 0. Throws `usage` without a target.
 */
export function frocCurve(images: readonly FrocImage[]): FrocCurve {
  const hits: number[] = [];
  const falseAlarms: number[] = [];
  for (const { targets, detections } of images) {
    const best = new Array<number>(targets).fill(0);
    for (const { probability, target } of detections) {
      if (target === null) falseAlarms.push(probability);
      else if (target < targets) best[target] = Math.max(best[target]!, probability);
      else throw usageError(`A detection hits target ${target + 1} of ${targets}.`);
    }
    hits.push(...best);
  }
  if (hits.length === 0) throw usageError("No image holds a target, so there is no sensitivity.");
  const thresholds = [...new Set([...hits, ...falseAlarms])].sort((a, b) => a - b).slice(1);
  const from = (values: readonly number[], least: number) => values.filter((value) => value >= least).length;
  return {
    falsePositivesPerImage: [...thresholds.map((t) => from(falseAlarms, t) / images.length), 0],
    sensitivity: [...thresholds.map((t) => from(hits, t) / hits.length), 0],
  };
}

/** False positives per image at which CAMELYON reads the curve. */
export const CAMELYON_RATES = [0.25, 0.5, 1, 2, 4, 8] as const;

/** Mean sensitivity at rates of false positives, linear between the curve's points, level beyond them. */
export function frocScore(curve: FrocCurve, rates: readonly number[] = CAMELYON_RATES): number {
  const x = [...curve.falsePositivesPerImage].reverse();
  const y = [...curve.sensitivity].reverse();
  const at = (rate: number) => {
    const left = x.findLastIndex((value) => value <= rate);
    if (left < 0) return y[0]!;
    if (left === x.length - 1) return y[left]!;
    return y[left]! + ((y[left + 1]! - y[left]!) * (rate - x[left]!)) / (x[left + 1]! - x[left]!);
  };
  return rates.reduce((sum, rate) => sum + at(rate), 0) / rates.length;
}
