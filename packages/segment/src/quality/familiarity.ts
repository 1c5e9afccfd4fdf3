/** Whether a scan looks like those a network has learnt from. */
import type { OutOfDistribution } from "@viscera/core";
import { type FeatureSpread, featureDistance, meanFeatures, spreadOf } from "./feature-distance.js";
import { type ImageFacts, unusualFacts, usualRanges } from "./image-facts.js";

/** What is kept of the training scans. */
export interface FamiliarityReference {
  spread: FeatureSpread;
  limits: Pick<OutOfDistribution, "limit" | "quantiles" | "sizeMm">;
}

/** A scan as a network sees it. */
export interface SeenScan {
  facts: ImageFacts;
  /** Features of its windows, [C] each. */
  windows: readonly Float32Array[];
}

export interface Familiarity {
  /** Of the scan's features to those of training scans; about 1 is usual. */
  distance: number;
  /** A larger distance is worth a warning. */
  limit: number;
  /** What is unusual, for people; empty where nothing is. */
  reasons: string[];
}

/** Fewer scans than this say nothing of the next one. */
const FEWEST_SCANS = 5;
const FOLDS = 5;
const QUANTILE = 0.99;
/** The limit is at least this many standard deviations above the usual, of the logarithm of distances. */
const DEVIATIONS = 3;
const LEAST_DEVIATION = 0.05;

/**
 * What is usual for scans a network was trained on, and, where there are some, scans that were held out. The limit is
 * made of the distances of scans that were left out of the reference in turn; null for too few of them (5).
 */
export function fitFamiliarity(
  training: readonly SeenScan[],
  heldOut: readonly SeenScan[] = [],
): { reference: FamiliarityReference; cases: number; windows: number } | null {
  const seen = training.filter(({ windows }) => windows.length > 0);
  if (seen.length < FEWEST_SCANS) return null;
  const means = seen.map(({ windows }) => meanFeatures(windows));
  const distances = means.map((mean, i) => {
    const others = means.filter((_, j) => j % FOLDS !== i % FOLDS);
    return featureDistance(spreadOf(others), mean);
  });
  const spread = spreadOf(means);
  const apart = heldOut.filter(({ windows }) => windows.length > 0);
  for (const { windows } of apart) distances.push(featureDistance(spread, meanFeatures(windows)));
  const ranges = usualRanges([...seen, ...apart].map(({ facts }) => facts));
  return {
    reference: { spread, limits: { limit: limitOf(distances), ...ranges } },
    cases: seen.length,
    windows: seen.reduce((sum, { windows }) => sum + windows.length, 0),
  };
}

/** The 99 % quantile of the distances, or more where so few of them were seen that it means little. */
function limitOf(distances: readonly number[]): number {
  const logs = distances.map(Math.log).sort((a, b) => a - b);
  const n = logs.length;
  const mean = logs.reduce((sum, value) => sum + value, 0) / n;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const deviation = Math.max(LEAST_DEVIATION, Math.sqrt(variance * (1 + 1 / n)));
  const quantile = logs[Math.min(n - 1, Math.floor(QUANTILE * n))]!;
  return Math.exp(Math.max(quantile, mean + DEVIATIONS * deviation));
}

export function judgeFamiliarity({ spread, limits }: FamiliarityReference, scan: SeenScan): Familiarity {
  const distance = featureDistance(spread, meanFeatures(scan.windows));
  const reasons = unusualFacts(scan.facts, limits);
  if (distance > limits.limit) {
    reasons.unshift(
      `to the network it is ${(distance / limits.limit).toFixed(1)} times as far from them as it should be`,
    );
  }
  return { distance, limit: limits.limit, reasons };
}

/** One sentence for a scan that looks unfamiliar. */
export function familiarityWarnings({ reasons }: Familiarity): string[] {
  if (reasons.length === 0) return [];
  return [
    `This scan looks unlike those the model has learnt from (${reasons.join("; ")}): do not rely on its labels.`,
  ];
}
