/**
 * Coronary beds whose microvessels are squeezed by the heart muscle: Kim et al., Ann. Biomed. Eng. 38 (2010) 3195,
 * doi:10.1007/s10439-010-0083-6. Ra1 (Ra): arteries, Ra2 (Ram): small arteries, Rv1 (Rv): veins; Ca, Cc (Cim):
 * capacitances of arteries and of vessels within the muscle, at the pressure Pim outside them.
 */
import {
  type BlockEquations,
  type BlockInputs,
  type BlockSetting,
  type BlockType,
  ONE_IN_ONE_OUT,
  ONE_PORT,
  required,
  waveformInputs,
} from "./block.js";
import { HEART } from "./closed-loop-heart.js";

/** The open bed's equations; `Ram` names its resistance of small arteries, `atStart` gives that at time 0. */
function openCoronary(
  setting: BlockSetting,
  Ram: string,
  atStart: () => number,
  inputs: BlockInputs,
): BlockEquations {
  const { steady, steadyStart } = setting;
  return {
    inputs,
    fromStart: {
      // Pressures within the muscle's vessels, and outside them.
      names: ["P_Cim_0", "Pim_0"],
      values: (at) => {
        const [Ra, Ca] = [setting.number("Ra1"), setting.number("Ca")];
        const intoSmall = at("Q") - Ca * (at("dP") - Ra * at("dQ"));
        const outside = setting.waveform("Pim");
        return [at("P") - Ra * at("Q") - atStart() * intoSmall, steadyStart ? outside.mean : outside.at(0)];
      },
    },
    residuals: steady
      ? ["volume_im", `-P + (Ra1 + ${Ram} + Rv1)*Q + P_v`]
      : [
          "Cc*Rv1*Q - volume_im - Ca*Cc*Rv1*(dP - Ra1*dQ) - Cc*Rv1*dvolume_im + Cc*(P_v + Pim_0 - P_Cim_0 - Pim)",
          `Cc*Rv1*(P - Ra1*Q) - (Rv1 + ${Ram})*volume_im - Cc*Rv1*${Ram}*dvolume_im` +
            ` + ${Ram}*Cc*P_v - Cc*(Rv1 + ${Ram})*(Pim + P_Cim_0 - Pim_0)`,
        ],
  };
}

export const openCoronaryBed: BlockType = {
  type: "CORONARY",
  group: "boundary",
  parameters: [
    ...required("Ra1", "Rv1", "Ca", "Cc"),
    { name: "t", kind: "times" },
    { name: "Pim", kind: "waveform" },
    ...required("P_v", "Ra2"),
    { name: "closed_loop_outlet", kind: "flag", optional: true },
  ],
  ports: ONE_PORT,
  internal: ["volume_im"],
  steadyDiffers: true,
  equations: (setting) =>
    openCoronary(setting, "Ra2", () => setting.number("Ra2"), waveformInputs(setting, "Pim")),
};

/** The same with a resistance of small arteries that rises and falls as the muscle contracts. */
export const openCoronaryBedVaryingResistance: BlockType = {
  type: "CORONARY_VAR_RES",
  group: "boundary",
  parameters: [
    ...required("Ra1", "Rv1", "Ca", "Cc"),
    { name: "t", kind: "times" },
    { name: "Pim", kind: "waveform" },
    ...required("P_v", "Ra2_min", "Ra2_max", "T_vc", "T_vr"),
    { name: "closed_loop_outlet", kind: "flag", optional: true },
  ],
  ports: ONE_PORT,
  internal: ["volume_im"],
  steadyDiffers: true,
  equations: (setting) => {
    const [least, largest] = [Math.sqrt(setting.number("Ra2_min")), Math.sqrt(setting.number("Ra2_max"))];
    const [contracting, relaxing] = [setting.number("T_vc"), setting.number("T_vr")];
    const resistanceAt = (time: number) => {
      const t = time % setting.periodS;
      let activation = 0;
      if (t <= contracting) activation = 0.5 * (1 - Math.cos((Math.PI * t) / contracting));
      else if (t <= contracting + relaxing) {
        activation = 0.5 * (1 + Math.cos((Math.PI * (t - contracting)) / relaxing));
      }
      return (least + (largest - least) * activation) ** 2;
    };
    const outside = waveformInputs(setting, "Pim");
    return openCoronary(setting, "Ram", () => resistanceAt(0), {
      names: ["Pim", "Ram"],
      fill(time, values, offset) {
        outside.fill(time, values, offset);
        values[offset + 1] = resistanceAt(setting.steady ? 0 : time);
      },
    });
  },
};

/** Beds of closed loops: the pressure outside their vessels is a share of the ventricle's. */
function closedCoronary(type: string, ventricle: string, share: string): BlockType {
  return {
    type,
    group: "closed-loop",
    parameters: required("Ra", "Ram", "Rv", "Ca", "Cim"),
    ports: ONE_IN_ONE_OUT,
    internal: ["volume_im"],
    equations: () => ({
      elsewhere: {
        P_ventricle: { block: HEART, name: ventricle, lagged: true },
        share: { block: HEART, name: share },
      },
      residuals: [
        "-P_in + (Ra + Ram)*Q_in + P_out + Rv*Q_out - Ram*Ca*(dP_in - Ra*dQ_in)",
        "Q_in - Q_out - Ca*(dP_in - Ra*dQ_in) - dvolume_im",
        "Cim*(P_out + Rv*Q_out) - volume_im - Cim*share*P_ventricle",
      ],
    }),
  };
}

export const closedCoronaryLeft = closedCoronary("ClosedLoopCoronaryLeft", "P_LV", "iml");
export const closedCoronaryRight = closedCoronary("ClosedLoopCoronaryRight", "P_RV", "imr");
