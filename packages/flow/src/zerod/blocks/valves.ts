/** Valves by themselves: svZeroDSolver's documentation. */
import { type BlockParameter, type BlockType, ONE_IN_ONE_OUT, required } from "./block.js";

const NEIGHBOURS: BlockParameter[] = [
  { name: "upstream_block", kind: "text" },
  { name: "downstream_block", kind: "text" },
];

/**
 * A resistance that changes smoothly from open to shut: Pfaller et al., Biomech. Model. Mechanobiol. 18 (2019) 503,
 * doi:10.1007/s10237-018-1098-4.
 */
export const valveTanh: BlockType = {
  type: "ValveTanh",
  group: "valve",
  parameters: [...required("Rmax", "Rmin", "Steepness"), ...NEIGHBOURS],
  ports: ONE_IN_ONE_OUT,
  internal: ["valve_status"],
  equations: () => ({
    definitions: { shut: "tanh(Steepness*(P_out - P_in))" },
    residuals: [
      "P_in - P_out - 0.5*(Rmax + Rmin)*Q_in - 0.5*(Rmax - Rmin)*shut*Q_in",
      "Q_in - Q_out",
      "valve_status - 0.5*(1 + shut)",
    ],
  }),
};

/** One of two resistances: Regazzoni et al., doi:10.1016/j.jcp.2022.111083. */
export const piecewiseValve: BlockType = {
  type: "PiecewiseValve",
  group: "valve",
  listed: true,
  parameters: [...required("Rmax", "Rmin"), ...NEIGHBOURS],
  ports: ONE_IN_ONE_OUT,
  equations: () => ({
    residuals: ["P_in - P_out - if(P_out < P_in, Rmin, Rmax)*Q_in", "Q_in - Q_out"],
  }),
};
