import type { ActivationType } from "./activation.js";
import { elastanceSeries } from "./fourier-elastance.js";

const SAMPLES = 10_000;

/** Least and largest value of the series over a beat, found once. */
let range: { least: number; largest: number } | null = null;

function rangeOfSeries(): { least: number; largest: number } {
  if (range) return range;
  range = { least: Number.POSITIVE_INFINITY, largest: Number.NEGATIVE_INFINITY };
  for (let k = 0; k < SAMPLES; k++) {
    const value = elastanceSeries(k / SAMPLES);
    range.least = Math.min(range.least, value);
    range.largest = Math.max(range.largest, value);
  }
  return range;
}

/** The ventricle's elastance series, scaled to 0 ... 1 over a beat. */
export const fourier: ActivationType = {
  type: "fourier",
  parameters: [],
  create(_value, periodS) {
    const { least, largest } = rangeOfSeries();
    return (time) => (elastanceSeries((time % periodS) / periodS) - least) / (largest - least);
  },
};
