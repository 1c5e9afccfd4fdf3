/**
 * Vessels: svZeroDSolver's documentation (https://simvascular.github.io/documentation/rom_simulation.html#0d-solver);
 * Pfaller et al., Int. J. Numer. Meth. Biomed. Engng. 38 (2022) e3639, doi:10.1002/cnm.3639. The quadratic term is the
 * pressure lost behind a stenosis.
 */
import { type BlockType, ONE_IN_ONE_OUT, optional, required } from "./block.js";

/** Resistance, then inductance; the capacitance lies behind the resistance. */
export const bloodVessel: BlockType = {
  type: "BloodVessel",
  group: "vessel",
  listed: true,
  parameters: [...required("R_poiseuille"), ...optional("C", "L", "stenosis_coefficient")],
  ports: ONE_IN_ONE_OUT,
  equations: () => ({
    definitions: { lost: "stenosis_coefficient*abs(Q_in)" },
    residuals: [
      "P_in - (R_poiseuille + lost)*Q_in - P_out - L*dQ_out",
      "Q_in - Q_out - C*dP_in + C*(R_poiseuille + 2*lost)*dQ_in",
    ],
  }),
};

/** The capacitance first, then resistance and inductance. */
export const bloodVesselCRL: BlockType = {
  type: "BloodVesselCRL",
  group: "vessel",
  listed: true,
  parameters: [...required("R_poiseuille"), ...optional("C", "L", "stenosis_coefficient")],
  ports: ONE_IN_ONE_OUT,
  equations: () => ({
    residuals: [
      "P_in - (R_poiseuille + stenosis_coefficient*abs(Q_out))*Q_out - P_out - L*dQ_out",
      "Q_in - Q_out - C*dP_in",
    ],
  }),
};

/** The lungs' bed of the decomposed closed-loop heart: what flows in fills it or passes its resistance. */
export const bloodVesselRC: BlockType = {
  type: "BloodVesselRC",
  group: "vessel",
  parameters: required("Rpd", "Cp"),
  ports: ONE_IN_ONE_OUT,
  equations: () => ({ residuals: ["Cp*dP_in + (P_in - P_out)/Rpd - Q_in", "Q_in - Q_out"] }),
};
