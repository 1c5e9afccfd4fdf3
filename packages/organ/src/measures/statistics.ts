/**
 * Intensity-based statistics of the Image Biomarker Standardisation Initiative: https://ibsi.readthedocs.io,
 * chapter "Intensity-based statistical features", doi:10.1148/radiol.2020191145. Percentiles interpolate
 * linearly between order statistics (Hyndman & Fan's definition 7, doi:10.2307/2684934).
 */
import type { VoxelArray } from "@viscera/core";
import type { Runs } from "./runs.js";

/** A structure's finite intensities in ascending order; with `counts`, `values` are the distinct ones. */
export interface SortedIntensities {
  values: ArrayLike<number>;
  counts: ArrayLike<number> | null;
  /** Number of intensities. */
  total: number;
  /** NaN and infinite voxels, which take part in nothing. */
  excluded: number;
  /** Intensity-weighted mean of the voxel indices. */
  weightedCentre: [number, number, number];
}

/** Beyond this many distinct whole numbers sorting is cheaper than counting. */
const COUNTING_RANGE = 1 << 20;

/** Collects the intensities of a structure; `data` is on the structure's grid. */
export function sortedIntensities(
  { row, start, end, size, voxels }: Runs,
  data: VoxelArray,
): SortedIntensities {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [total, sum, sumX, sumY, sumZ] = [0, 0, 0, 0, 0];
  let whole = true;
  for (let r = 0; r < row.length; r++) {
    const base = row[r]! * size[0];
    let rowSum = 0;
    for (let x = start[r]!; x < end[r]!; x++) {
      const value = data[base + x]!;
      // True for NaN and the infinities only.
      if (value - value !== 0) continue;
      if (value < min) min = value;
      if (value > max) max = value;
      if (whole && value !== Math.floor(value)) whole = false;
      total++;
      rowSum += value;
      sumX += value * x;
    }
    const z = Math.floor(row[r]! / size[1]);
    sum += rowSum;
    sumY += rowSum * (row[r]! - z * size[1]);
    sumZ += rowSum * z;
  }
  const shared = {
    total,
    excluded: voxels - total,
    weightedCentre: [sumX / sum, sumY / sum, sumZ / sum] as [number, number, number],
  };
  if (whole && max - min < COUNTING_RANGE) {
    const histogram = new Uint32Array(max - min + 1);
    for (let r = 0; r < row.length; r++) {
      const base = row[r]! * size[0];
      for (let x = start[r]!; x < end[r]!; x++) {
        const value = data[base + x]!;
        if (value - value === 0) histogram[value - min]!++;
      }
    }
    const values: number[] = [];
    const counts: number[] = [];
    histogram.forEach((count, i) => {
      if (count === 0) return;
      values.push(min + i);
      counts.push(count);
    });
    return { values, counts, ...shared };
  }
  const values = data instanceof Float32Array ? new Float32Array(total) : new Float64Array(total);
  let n = 0;
  for (let r = 0; r < row.length; r++) {
    const base = row[r]! * size[0];
    for (let x = start[r]!; x < end[r]!; x++) {
      const value = data[base + x]!;
      if (value - value === 0) values[n++] = value;
    }
  }
  return { values: values.sort(), counts: null, ...shared };
}

/** Intensity at `fraction` (0 to 1) of the ascending order. */
export function percentile({ values, counts, total }: SortedIntensities, fraction: number): number {
  const at = (total - 1) * fraction;
  const below = Math.floor(at);
  let [a, b] = [values[below]!, values[Math.min(below + 1, total - 1)]!];
  if (counts) {
    let [seen, i] = [counts[0]!, 0];
    while (seen <= below) seen += counts[++i]!;
    a = values[i]!;
    b = below + 1 < seen || i + 1 === values.length ? a : values[i + 1]!;
  }
  return a + (b - a) * (at - below);
}

/** Mean of f over the intensities from `low` to `high`. */
function meanOf(
  { values, counts }: SortedIntensities,
  f: (value: number) => number,
  low = Number.NEGATIVE_INFINITY,
  high = Number.POSITIVE_INFINITY,
): number {
  let [sum, n] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low || value > high) continue;
    const count = counts ? counts[i]! : 1;
    sum += count * f(value);
    n += count;
  }
  return sum / n;
}

/** The statistics of at least one intensity, by their IBSI tags. Ratios over zero are NaN or infinite. */
export function intensityStatistics(sorted: SortedIntensities): Record<string, number> {
  const mean = meanOf(sorted, (v) => v);
  const variance = meanOf(sorted, (v) => (v - mean) ** 2);
  const sd = Math.sqrt(variance);
  const [p10, p25, median, p75, p90] = [0.1, 0.25, 0.5, 0.75, 0.9].map((f) => percentile(sorted, f)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const min = sorted.values[0]!;
  const max = sorted.values[sorted.values.length - 1]!;
  const robustMean = meanOf(sorted, (v) => v, p10, p90);
  const meanSquare = meanOf(sorted, (v) => v * v);
  return {
    stat_mean: mean,
    stat_var: variance,
    stat_skew: variance === 0 ? 0 : meanOf(sorted, (v) => (v - mean) ** 3) / sd ** 3,
    stat_kurt: variance === 0 ? 0 : meanOf(sorted, (v) => (v - mean) ** 4) / variance ** 2 - 3,
    stat_median: median,
    stat_min: min,
    stat_p10: p10,
    stat_p90: p90,
    stat_max: max,
    stat_iqr: p75 - p25,
    stat_range: max - min,
    stat_mad: meanOf(sorted, (v) => Math.abs(v - mean)),
    stat_rmad: meanOf(sorted, (v) => Math.abs(v - robustMean), p10, p90),
    stat_medad: meanOf(sorted, (v) => Math.abs(v - median)),
    stat_cov: sd / mean,
    stat_qcod: (p75 - p25) / (p75 + p25),
    stat_energy: meanSquare * sorted.total,
    stat_rms: Math.sqrt(meanSquare),
  };
}
