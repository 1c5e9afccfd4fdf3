/** nnU-Net's normalisation schemes, which run on the cropped image before it is resampled. */
import { inputError } from "@viscera/core";

/** Statistics of the foreground voxels of the training scans. */
export interface IntensityProperties {
  mean: number;
  std: number;
  percentile_00_5: number;
  percentile_99_5: number;
}

export type NormalisationScheme =
  | { kind: "CTNormalization"; properties: IntensityProperties }
  /** With `masked`, over the voxels inside the body only; those outside stay as they are. */
  | { kind: "ZScoreNormalization"; masked: boolean }
  | { kind: "NoNormalization" }
  | { kind: "RescaleTo01Normalization" }
  | { kind: "RGBTo01Normalization" };

const SMALLEST_DEVIATION = 1e-8;

/** Normalises a channel in place; `outside` is 1 for voxels outside the body. Throws `input.range` (RGB). */
export function normalise(data: Float32Array, scheme: NormalisationScheme, outside: Uint8Array | null): void {
  switch (scheme.kind) {
    case "CTNormalization": {
      const { mean, std, percentile_00_5: low, percentile_99_5: high } = scheme.properties;
      const scale = 1 / Math.max(std, SMALLEST_DEVIATION);
      for (let v = 0; v < data.length; v++)
        data[v] = (Math.min(high, Math.max(low, data[v]!)) - mean) * scale;
      return;
    }
    case "ZScoreNormalization":
      zScore(data, scheme.masked ? outside : null);
      return;
    case "NoNormalization":
      return;
    case "RescaleTo01Normalization": {
      const { min, max } = rangeOf(data);
      const scale = 1 / Math.max(max - min, SMALLEST_DEVIATION);
      for (let v = 0; v < data.length; v++) data[v] = (data[v]! - min) * scale;
      return;
    }
    case "RGBTo01Normalization": {
      const { min, max } = rangeOf(data);
      if (min < 0 || max > 255) {
        throw inputError(
          "range",
          `The model takes values from 0 to 255, but the scan's go from ${min} to ${max}.`,
          "Give the kind of image that the model was trained on.",
        );
      }
      for (let v = 0; v < data.length; v++) data[v]! /= 255;
    }
  }
}

function zScore(data: Float32Array, outside: Uint8Array | null): void {
  let count = 0;
  let sum = 0;
  for (let v = 0; v < data.length; v++)
    if (!outside?.[v]) {
      count++;
      sum += data[v]!;
    }
  const mean = sum / count;
  let squares = 0;
  for (let v = 0; v < data.length; v++) if (!outside?.[v]) squares += (data[v]! - mean) ** 2;
  const scale = 1 / Math.max(Math.sqrt(squares / count), SMALLEST_DEVIATION);
  for (let v = 0; v < data.length; v++) if (!outside?.[v]) data[v] = (data[v]! - mean) * scale;
}

/** Smallest and largest value. */
export function rangeOf(data: ArrayLike<number>): { min: number; max: number } {
  let min = data[0]!;
  let max = min;
  for (let v = 1; v < data.length; v++) {
    const value = data[v]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return { min, max };
}
