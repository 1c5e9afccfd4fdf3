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
/** Of the distances of scans left out, this share is usual; the others may be the only ones of their kind. */
const USUAL = 0.9;
/** The limit is so many standard deviations above that, of the logarithm of distances. */
const DEVIATIONS = 3;
const LEAST_DEVIATION = 0.05;
/** Standard deviation of a normal distribution by its median absolute deviation. */
const DEVIATION_BY_MEDIAN = 1.4826;

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
    return featureDistance(spreadOf(means.filter((_, j) => j !== i)), mean);
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

/** Well above nine tenths of the distances, by how far the middle half of them spreads: single scans do not move it. */
function limitOf(distances: readonly number[]): number {
  const logs = distances.map(Math.log).sort((a, b) => a - b);
  const quantile = (values: readonly number[], share: number) =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))]!;
  const middle = quantile(logs, 0.5);
  const apart = logs.map((value) => Math.abs(value - middle)).sort((a, b) => a - b);
  const deviation = Math.max(LEAST_DEVIATION, DEVIATION_BY_MEDIAN * quantile(apart, 0.5));
  return Math.exp(quantile(logs, USUAL) + DEVIATIONS * deviation);
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
