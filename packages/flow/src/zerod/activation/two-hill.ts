import { inputError } from "@viscera/core";
import type { ActivationType } from "./activation.js";

/** Spacing of the times among which the largest value is looked for. */
const GRID_S = 1e-5;

/**
 * A rising and a falling Hill function, scaled to a largest value of 1: Mynard et al., Int. J. Numer. Meth. Biomed.
 * Engng. 28 (2012) 626, doi:10.1002/cnm.1466.
 */
export const twoHill: ActivationType = {
  type: "two_hill",
  parameters: ["t_shift", "tau_1", "tau_2", "m1", "m2"],
  create(value, periodS) {
    const [shift, tau1, tau2] = [value("t_shift"), value("tau_1"), value("tau_2")];
    const [m1, m2] = [value("m1"), value("m2")];
    const hills = (time: number) => {
      const g1 = (time / tau1) ** m1;
      const g2 = (time / tau2) ** m2;
      return (g1 / (1 + g1)) * (1 / (1 + g2));
    };
    const largest = hills(peakTime(hills, periodS));
    if (!(largest > 0) || !Number.isFinite(largest)) {
      throw inputError(
        "zerod",
        `The two_hill activation has no largest value (${largest}).`,
        "tau_1, tau_2, m1 and m2 have to be positive.",
      );
    }
    return (time) => {
      const shifted = ((time % periodS) - shift) % periodS;
      return hills(shifted >= 0 ? shifted : shifted + periodS) / largest;
    };
  },
};

/** Time of a grid at which a function that rises, then falls, is largest. */
function peakTime(f: (time: number) => number, periodS: number): number {
  let [low, high] = [0, Math.ceil(periodS / GRID_S) - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (f(middle * GRID_S) < f((middle + 1) * GRID_S)) low = middle + 1;
    else high = middle;
  }
  return low * GRID_S;
}
