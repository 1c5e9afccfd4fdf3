/**
 * How far a scan is from those a network was trained on: the Mahalanobis distance of its deepest features, averaged
 * over space and the scan's windows, to those of training scans (after González et al. 2022,
 * doi:10.1016/j.media.2022.102596, who average the windows' distances instead: that tells a scan of another body part,
 * each of whose windows could be from somewhere in training, less well). There are often fewer training scans than
 * features, so the correlation is shrunk towards independence (Ledoit & Wolf 2004, doi:10.1016/S0047-259X(03)00096-4).
 */
import { floatTensor, type Weights } from "@viscera/nets";

/** Mean, spread and correlation of the features of training scans. */
export interface FeatureSpread {
  /** [C] */
  mean: Float32Array;
  /** Standard deviations, [C]. */
  deviation: Float32Array;
  /** Lower Cholesky factor of the shrunk correlation matrix, [C, C] by rows. */
  factor: Float32Array;
}

/** Least share of independence in the correlation: patients of one data set are alike, which the estimate does not know. */
const LEAST_SHRINKAGE = 0.05;
/** Features that hardly vary in training count as varying by this share of the usual deviation. */
const LEAST_DEVIATION = 1e-3;

/** `scans` are features [C] each, of at least two scans. */
export function spreadOf(scans: readonly Float32Array[]): FeatureSpread {
  const n = scans.length;
  const count = scans[0]!.length;
  const mean = new Float32Array(count);
  const deviation = new Float32Array(count);
  for (let c = 0; c < count; c++) {
    let sum = 0;
    for (const scan of scans) sum += scan[c]!;
    mean[c] = sum / n;
    let squares = 0;
    for (const scan of scans) squares += (scan[c]! - mean[c]!) ** 2;
    deviation[c] = Math.sqrt(squares / n);
  }
  const middle = Float32Array.from(deviation).sort()[count >> 1]!;
  const least = LEAST_DEVIATION * (middle || 1);
  for (let c = 0; c < count; c++) deviation[c] = Math.max(least, deviation[c]!);
  const standard = scans.map((scan) => standardised(scan, mean, deviation));
  return { mean, deviation, factor: cholesky(shrunkCorrelation(standard), count) };
}

/** Root of the mean squared distance over the features: about 1 for scans like those of training. */
export function featureDistance(
  { mean, deviation, factor }: FeatureSpread,
  features: ArrayLike<number>,
): number {
  const count = mean.length;
  const z = standardised(features, mean, deviation);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let rest = z[i]!;
    for (let j = 0; j < i; j++) rest -= factor[i * count + j]! * z[j]!;
    z[i] = rest / factor[i * count + i]!;
    sum += z[i]! ** 2;
  }
  return Math.sqrt(sum / count);
}

/** Mean of the features [C] of a scan's windows. */
export function meanFeatures(windows: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(windows[0]!.length);
  for (const window of windows) {
    for (let c = 0; c < mean.length; c++) mean[c]! += window[c]! / windows.length;
  }
  return mean;
}

export function spreadToWeights({ mean, deviation, factor }: FeatureSpread): Weights {
  const count = mean.length;
  return new Map([
    ["mean", floatTensor(mean, [count])],
    ["deviation", floatTensor(deviation, [count])],
    ["factor", floatTensor(factor, [count, count])],
  ]);
}

/** null where the tensors are not those of `spreadToWeights` for so many features. */
export function spreadFromWeights(weights: Weights, features: number): FeatureSpread | null {
  const read = (name: string, length: number) => {
    const data = weights.get(name)?.data;
    return data instanceof Float32Array && data.length === length ? data : null;
  };
  const mean = read("mean", features);
  const deviation = read("deviation", features);
  const factor = read("factor", features ** 2);
  return mean && deviation && factor ? { mean, deviation, factor } : null;
}

function standardised(
  features: ArrayLike<number>,
  mean: Float32Array,
  deviation: Float32Array,
): Float64Array {
  return Float64Array.from(mean, (m, c) => (features[c]! - m) / deviation[c]!);
}

/** Correlation of standardised rows, [C, C], shrunk as Ledoit and Wolf do, by at least the least share. */
function shrunkCorrelation(rows: readonly Float64Array[]): Float64Array {
  const n = rows.length;
  const count = rows[0]!.length;
  const sample = new Float64Array(count * count);
  for (const row of rows) {
    for (let i = 0; i < count; i++) {
      const at = i * count;
      const share = row[i]! / n;
      for (let j = 0; j <= i; j++) sample[at + j]! += share * row[j]!;
    }
  }
  let squares = 0;
  let distance = 0;
  let trace = 0;
  for (let i = 0; i < count; i++) {
    trace += sample[i * count + i]!;
    for (let j = 0; j <= i; j++) {
      sample[j * count + i] = sample[i * count + j]!;
      squares += (i === j ? 1 : 2) * sample[i * count + j]! ** 2;
    }
  }
  const level = trace / count;
  distance = squares - count * level ** 2;
  let noise = 0;
  for (const row of rows) {
    let length = 0;
    let form = 0;
    for (let i = 0; i < count; i++) {
      length += row[i]! ** 2;
      let product = 0;
      for (let j = 0; j < count; j++) product += sample[i * count + j]! * row[j]!;
      form += row[i]! * product;
    }
    noise += length ** 2 - 2 * form + squares;
  }
  noise /= n * n;
  const share = distance > 0 ? Math.min(1, Math.max(LEAST_SHRINKAGE, noise / distance)) : 1;
  for (let i = 0; i < sample.length; i++) sample[i]! *= 1 - share;
  for (let i = 0; i < count; i++) sample[i * count + i]! += share * Math.max(level, LEAST_SHRINKAGE);
  return sample;
}

/** Lower factor of a positive definite matrix. */
function cholesky(matrix: Float64Array, count: number): Float32Array {
  const factor = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * count + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * count + k]! * factor[j * count + k]!;
      factor[i * count + j] = i === j ? Math.sqrt(sum) : sum / factor[j * count + j]!;
    }
  }
  return Float32Array.from(factor);
}
