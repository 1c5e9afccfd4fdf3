import type { ActivationType } from "./activation.js";
import { elastanceSeries } from "./fourier-elastance.js";

const SAMPLES = 10_000;

/** The ventricle's elastance series, scaled to 0 ... 1 over a beat. */
export const fourier: ActivationType = {
  type: "fourier",
  parameters: [],
  create(_value, periodS) {
    let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = 0; k < SAMPLES; k++) {
      const value = elastanceSeries(k / SAMPLES);
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
    return (time) => (elastanceSeries((time % periodS) / periodS) - least) / (largest - least);
  },
};
