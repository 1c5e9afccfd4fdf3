/** What a data set looks like, as far as the plan of its training depends on it (after nnU-Net's fingerprint). */
import type { Size3, Vec3 } from "@viscera/core";
import { IGNORED_VOXEL, type TrainingDataset } from "./dataset.js";

/** Size and voxel of one case, along RAS axes. */
export interface CaseShape {
  id: string;
  size: Size3;
  spacingMm: Vec3;
}

/** Intensities of one channel within the labelled structures of all cases. */
export interface IntensityStatistics {
  mean: number;
  sd: number;
  /** Percentiles 0.5, 50 and 99.5. */
  low: number;
  median: number;
  high: number;
}

export interface Fingerprint {
  cases: CaseShape[];
  /** One a channel; empty where all images are made from labels. */
  intensities: IntensityStatistics[];
  modality: string[];
  channels: string[];
  labels: TrainingDataset["labels"];
  /** Whether images are made from labels in some cases. */
  synthetic: boolean;
  /** What was odd about a case, in sentences. */
  warnings: string[];
}

/** Intensities taken of one case and channel at most, evenly spread over the structures' voxels. */
const SAMPLES_PER_CASE = 10_000;

const isStructure = (target: number) => target !== 0 && target !== IGNORED_VOXEL;

/** Intensities within the structures (`target` 1 to 254); none where there is no structure. */
export function foregroundSample(image: ArrayLike<number>, target: Uint8Array): Float32Array {
  let count = 0;
  for (let i = 0; i < target.length; i++) if (isStructure(target[i]!)) count++;
  const out = new Float32Array(Math.min(count, SAMPLES_PER_CASE));
  let seen = 0;
  let taken = 0;
  for (let i = 0; i < target.length && taken < out.length; i++) {
    if (!isStructure(target[i]!)) continue;
    // The first voxel of each of `out.length` equal shares.
    if (seen >= Math.floor((taken * count) / out.length)) out[taken++] = image[i]!;
    seen++;
  }
  return out;
}

/** Statistics of the samples of all cases. */
export function intensityStatistics(samples: readonly Float32Array[]): IntensityStatistics {
  const all = new Float32Array(samples.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sample of samples) {
    all.set(sample, at);
    at += sample.length;
  }
  all.sort();
  let sum = 0;
  for (const value of all) sum += value;
  const mean = sum / all.length;
  let squares = 0;
  for (const value of all) squares += (value - mean) ** 2;
  return {
    mean,
    sd: Math.sqrt(squares / all.length),
    low: percentile(all, 0.5),
    median: percentile(all, 50),
    high: percentile(all, 99.5),
  };
}

/** Percentile of ascending numbers, linear between them (NumPy's default). */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const at = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (at - below);
}
