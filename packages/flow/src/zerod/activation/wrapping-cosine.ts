import type { Activation, ActivationType } from "./activation.js";

/**
 * An atrium's cosine twitch that begins before the end of one beat and ends in the next: Sankaran et al., Ann.
 * Biomed. Eng. 40 (2012) 2228, doi:10.1007/s10439-012-0579-3. `Tsa`: its length as a share of the beat; `tpwave`:
 * the beat divided by its end.
 */
export const wrappingCosine: ActivationType = {
  type: "wrapping_cosine",
  parameters: ["Tsa", "tpwave"],
  create: (value, periodS) => atrialActivation(value("Tsa"), value("tpwave"), periodS),
};

export function atrialActivation(share: number, divisor: number, periodS: number): Activation {
  const length = periodS * share;
  const end = periodS / divisor;
  return (time) => {
    const inCycle = time % periodS;
    const twitch = (since: number) => 0.5 * (1 - Math.cos((2 * Math.PI * since) / length));
    if (inCycle <= end) return twitch(inCycle - end + length);
    if (inCycle >= periodS - length + end && inCycle < periodS) {
      return twitch(inCycle - end - (periodS - length));
    }
    return 0;
  };
}
