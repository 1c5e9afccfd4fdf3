import type { ActivationType } from "./activation.js";

/**
 * Half a cosine up while contracting, half a cosine down while relaxing: Regazzoni et al., J. Comput. Phys. 457
 * (2022) 111083, doi:10.1016/j.jcp.2022.111083.
 */
export const piecewiseCosine: ActivationType = {
  type: "piecewise_cosine",
  parameters: ["contract_start", "relax_start", "contract_duration", "relax_duration"],
  create(value, periodS) {
    const [contractStart, relaxStart] = [value("contract_start"), value("relax_start")];
    const [contracting, relaxing] = [value("contract_duration"), value("relax_duration")];
    return (time) => {
      // Before a phase's first start the remainder is negative: no activation yet.
      const up = (time - contractStart) % periodS;
      if (up >= 0 && up < contracting) return 0.5 * (1 - Math.cos((Math.PI * up) / contracting));
      const down = (time - relaxStart) % periodS;
      if (down >= 0 && down < relaxing) return 0.5 * (1 + Math.cos((Math.PI * down) / relaxing));
      return 0;
    };
  },
};
