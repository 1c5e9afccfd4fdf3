/**
 * Four chambers, valves and lungs of a closed loop: Sankaran et al., Ann. Biomed. Eng. 40 (2012) 2228,
 * doi:10.1007/s10439-012-0579-3. Atria
 * change between an exponential passive pressure and a linear active one; ventricles have an elastance that is a Fourier
 * series; valves are open or shut. Inlet: veins, outlet: aorta.
 */
import { elastanceSeries } from "../activation/fourier-elastance.js";
import { atrialActivation } from "../activation/wrapping-cosine.js";
import { type BlockType, ONE_IN_ONE_OUT, required } from "./block.js";

/** The block's name in every file. */
export const HEART = "CLH";

/** A valve is shut while nothing drives flow through it and none flows. */
const shut = (before: string, behind: string, flow: string) => `${before} <= ${behind} and ${flow} <= 0`;
const VALVES = [
  { flow: "Q_RA", before: "P_in", behind: "P_RV" },
  { flow: "Q_RV", before: "P_RV", behind: "P_pul" },
  { flow: "Q_LA", before: "P_LA", behind: "P_LV" },
  { flow: "Q_LV", before: "P_LV", behind: "P_out" },
] as const;

const passive = (side: "ra" | "la", volume: string) =>
  `Kxp_${side}*(exp((${volume} - Vaso_${side})*Kxv_${side}) - 1)`;
const atrialPressure = (side: "ra" | "la", volume: string) =>
  `AA*Emax_${side}*(${volume} - Vaso_${side}) + (1 - AA)*passive_${side}`;

export const closedLoopHeart: BlockType = {
  type: "ClosedLoopHeartAndPulmonary",
  group: "closed-loop",
  parameters: required(
    ...[
      "Tsa",
      "tpwave",
      "Erv_s",
      "Elv_s",
      "iml",
      "imr",
      "Lra_v",
      "Rra_v",
      "Lrv_a",
      "Rrv_a",
      "Lla_v",
      "Rla_v",
    ],
    ...["Llv_a", "Rlv_ao", "Vrv_u", "Vlv_u", "Rpd", "Cp", "Cpa", "Kxp_ra", "Kxv_ra", "Kxp_la", "Kxv_la"],
    ...["Emax_ra", "Emax_la", "Vaso_ra", "Vaso_la"],
  ),
  ports: ONE_IN_ONE_OUT,
  internal: [
    ...["V_RA", "Q_RA", "P_RV", "V_RV", "Q_RV", "P_pul"],
    ...["P_LA", "V_LA", "Q_LA", "P_LV", "V_LV", "Q_LV"],
  ],
  equations(setting) {
    const atria = atrialActivation(setting.number("Tsa"), setting.number("tpwave"), setting.periodS);
    return {
      inputs: {
        names: ["AA", "elastance"],
        fill(time, values, offset) {
          values[offset] = atria(time);
          values[offset + 1] = elastanceSeries((time % setting.periodS) / setting.periodS);
        },
      },
      definitions: {
        passive_ra: passive("ra", "V_RA"),
        passive_la: passive("la", "V_LA"),
        ...Object.fromEntries(
          VALVES.map(({ flow, before, behind }) => [
            `open_${flow}`,
            `if(${shut(before, behind, flow)}, 0, 1)`,
          ]),
        ),
      },
      residuals: [
        `P_in - (${atrialPressure("ra", "V_RA")})`,
        "Cpa*dP_out + Q_out - open_Q_LV*Q_LV",
        "dV_RA - Q_in + open_Q_RA*Q_RA",
        "Lra_v*dQ_RA - P_in + P_RV + Rra_v*open_Q_RA*Q_RA",
        "P_RV - Erv_s*elastance*(V_RV - Vrv_u)",
        "dV_RV - open_Q_RA*Q_RA + open_Q_RV*Q_RV",
        "Lrv_a*dQ_RV - P_RV + P_pul + Rrv_a*open_Q_RV*Q_RV",
        "Cp*dP_pul + (P_pul - P_LA)/Rpd - open_Q_RV*Q_RV",
        `P_LA - (${atrialPressure("la", "V_LA")})`,
        "dV_LA - open_Q_RV*Q_RV + open_Q_LA*Q_LA",
        "Lla_v*dQ_LA - P_LA + P_LV + Rla_v*open_Q_LA*Q_LA",
        "P_LV - Elv_s*elastance*(V_LV - Vlv_u)",
        "dV_LV - open_Q_LA*Q_LA + open_Q_LV*Q_LV",
        "Llv_a*dQ_LV + P_out - P_LV + Rlv_ao*open_Q_LV*Q_LV",
      ],
      resets: VALVES.map(({ flow, before, behind }) => ({
        unknown: flow,
        condition: shut(before, behind, flow),
      })),
    };
  },
};
