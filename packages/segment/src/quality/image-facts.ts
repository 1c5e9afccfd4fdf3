/** What can be told of a scan without a network: its size, and how its prepared intensities are spread. */
import { type OutOfDistribution, spacingOf, type Volume } from "@viscera/core";
import type { NetworkImage } from "../image.js";

export interface ImageFacts {
  /** Along the stored axes of the model's grid. */
  sizeMm: [number, number, number];
  /** Intensities as the network sees them, of all channels, at `SHARES` of the voxels. */
  quantiles: number[];
}

export const SHARES = [0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** Voxels that are looked at, at most. */
const MOST_VOXELS = 100_000;
/** A size is unusual when it is so many times larger or smaller than any in training. */
const SIZE_FACTOR = 1.5;
/** Ranges of intensities are widened by themselves and by this share of how far intensities spread. */
const SPREAD_SHARE = 0.1;

export function imageFacts(image: NetworkImage, { affine }: Pick<Volume, "affine">): ImageFacts {
  const step = Math.max(1, Math.ceil(image.data.length / MOST_VOXELS));
  // A step that has nothing in common with the extents, so that not always the same column is met.
  const stride = step === 1 || image.size.every((n) => n % step !== 0) ? step : step + 1;
  const seen = new Float32Array(Math.ceil(image.data.length / stride));
  for (let i = 0; i < seen.length; i++) seen[i] = image.data[i * stride]!;
  seen.sort();
  const spacing = spacingOf(affine);
  return {
    sizeMm: image.size.map((n, axis) => n * spacing[axis]!) as [number, number, number],
    quantiles: SHARES.map((share) => seen[Math.min(seen.length - 1, Math.floor(share * seen.length))]!),
  };
}

type Ranges = Pick<OutOfDistribution, "quantiles" | "sizeMm">;

/** What is usual, by what the training scans are. */
export function usualRanges(facts: readonly ImageFacts[]): Ranges {
  const spread =
    facts.reduce((sum, { quantiles }) => sum + quantiles.at(-1)! - quantiles[0]!, 0) / facts.length;
  const quantiles = SHARES.map((_, q): [number, number] => {
    const at = (place: number) => facts.map(({ quantiles }) => quantiles[place]!);
    const margin = Math.max(...at(q)) - Math.min(...at(q)) + SPREAD_SHARE * spread;
    // Air around the body may take another share of the image, so the neighbouring quantiles count as well.
    const low = Math.min(...at(Math.max(0, q - 1)));
    const high = Math.max(...at(Math.min(SHARES.length - 1, q + 1)));
    return [low - margin, high + margin];
  });
  const size = (axis: number): [number, number] => {
    const values = facts.map((fact) => fact.sizeMm[axis]!);
    return [Math.min(...values) / SIZE_FACTOR, Math.max(...values) * SIZE_FACTOR];
  };
  return { quantiles, sizeMm: [size(0), size(1), size(2)] };
}

/** What is unusual about a scan, for people. */
export function unusualFacts({ sizeMm, quantiles }: ImageFacts, usual: Ranges): string[] {
  const outside = (value: number, [low, high]: readonly [number, number]) => value < low || value > high;
  const reasons: string[] = [];
  if (sizeMm.some((mm, axis) => outside(mm, usual.sizeMm[axis]!))) {
    const isLarger = sizeMm.some((mm, axis) => mm > usual.sizeMm[axis]![1]);
    const size = sizeMm.map((mm) => mm.toFixed(0)).join(" x ");
    reasons.push(`with ${size} mm it is far ${isLarger ? "larger" : "smaller"} than any of them`);
  }
  if (quantiles.some((value, q) => outside(value, usual.quantiles[q]!))) {
    reasons.push("its brightness is spread in another way");
  }
  return reasons;
}
