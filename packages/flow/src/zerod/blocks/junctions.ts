/** Junctions of any number of vessels: svZeroDSolver's documentation; Pfaller et al., doi:10.1002/cnm.3639. */
import { type BlockType, JUNCTION_PORTS, upTo } from "./block.js";

/** What comes in goes out. */
function flowBalance(inlets: number, outlets: number): string {
  const terms = [...upTo(inlets).map((i) => `Q_in${i}`), ...upTo(outlets).map((i) => `-Q_out${i}`)];
  return terms.join(" + ");
}

/** The same pressure at every port. */
export const normalJunction: BlockType = {
  type: "NORMAL_JUNCTION",
  group: "junction",
  parameters: [],
  ports: JUNCTION_PORTS,
  equations: ({ inlets, outlets }) => ({
    residuals: [
      ...upTo(inlets)
        .slice(1)
        .map((i) => `P_in1 - P_in${i}`),
      ...upTo(outlets).map((i) => `P_in1 - P_out${i}`),
      flowBalance(inlets, outlets),
    ],
  }),
};

/** A resistance at every port, inlets first, around one inner pressure. */
export const resistiveJunction: BlockType = {
  type: "resistive_junction",
  group: "junction",
  parameters: [{ name: "R", kind: "list" }],
  ports: JUNCTION_PORTS,
  internal: ["pressure_c"],
  equations: ({ inlets, outlets }) => ({
    residuals: [
      ...upTo(inlets).map((i) => `P_in${i} - R${i}*Q_in${i} - pressure_c`),
      ...upTo(outlets).map((i) => `pressure_c - R${inlets + i}*Q_out${i} - P_out${i}`),
      flowBalance(inlets, outlets),
    ],
  }),
};

/** Resistance, inductance and quadratic loss into every outlet. */
export const bloodVesselJunction: BlockType = {
  type: "BloodVesselJunction",
  group: "junction",
  parameters: ["R_poiseuille", "L", "stenosis_coefficient"].map((name) => ({ name, kind: "list" })),
  ports: {
    described: "one inlet and at least one outlet",
    fits: (inlets, outlets) => inlets === 1 && outlets >= 1,
  },
  equations: ({ outlets }) => ({
    residuals: [
      flowBalance(1, outlets),
      ...upTo(outlets).map(
        (i) =>
          `P_in - P_out${i} - (R_poiseuille${i} + stenosis_coefficient${i}*abs(Q_out${i}))*Q_out${i} - L${i}*dQ_out${i}`,
      ),
    ],
  }),
};
