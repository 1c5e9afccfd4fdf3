import type { ActivationType } from "./activation.js";

/** One cosine twitch of `t_twitch` seconds from `t_active` on: a(t) = (1 - cos(2 pi t' / t_twitch)) / 2. */
export const halfCosine: ActivationType = {
  type: "half_cosine",
  parameters: ["t_active", "t_twitch"],
  create(value, periodS) {
    const [active, twitch] = [value("t_active"), value("t_twitch")];
    return (time) => {
      const inCycle = time % periodS;
      const since = inCycle >= active ? inCycle - active : 0;
      return since <= twitch ? 0.5 - 0.5 * Math.cos((2 * Math.PI * since) / twitch) : 0;
    };
  },
};
