/** Boundary conditions of one port: svZeroDSolver's documentation. */
import { type BlockType, ONE_PORT, optional, required, waveformInputs } from "./block.js";

/** A given flow. */
export const flow: BlockType = {
  type: "FLOW",
  group: "boundary",
  parameters: [
    { name: "t", kind: "times" },
    { name: "Q", kind: "waveform" },
  ],
  ports: ONE_PORT,
  equations: (setting) => ({
    inputs: { ...waveformInputs(setting, "Q"), names: ["given"] },
    residuals: ["Q - given"],
  }),
};

/** A given pressure. */
export const pressure: BlockType = {
  type: "PRESSURE",
  group: "boundary",
  parameters: [
    { name: "t", kind: "times" },
    { name: "P", kind: "waveform" },
  ],
  ports: ONE_PORT,
  equations: (setting) => ({
    inputs: { ...waveformInputs(setting, "P"), names: ["given"] },
    residuals: ["P - given"],
  }),
};

/** A resistance before a distal pressure. */
export const resistance: BlockType = {
  type: "RESISTANCE",
  group: "boundary",
  parameters: required("R", "Pd"),
  ports: ONE_PORT,
  equations: () => ({ residuals: ["P - R*Q - Pd"] }),
};

/** Windkessel of three elements: Westerhof et al., Med. Biol. Eng. Comput. 47 (2009) 131. */
export const windkessel: BlockType = {
  type: "RCR",
  group: "boundary",
  parameters: [...required("Rp", "C", "Rd"), ...optional("Pd")],
  ports: ONE_PORT,
  internal: ["pressure_c"],
  steadyDiffers: true,
  equations: ({ steady }) => ({
    residuals: [
      "P - Rp*Q - pressure_c",
      steady ? "Rd*Q - pressure_c + Pd" : "Rd*Q - pressure_c + Pd - Rd*C*dpressure_c",
    ],
  }),
};

/** The same with an outlet, for closed loops. */
export const closedLoopWindkessel: BlockType = {
  type: "ClosedLoopRCR",
  group: "boundary",
  parameters: [...required("Rp", "C", "Rd"), { name: "closed_loop_outlet", kind: "flag", optional: true }],
  ports: {
    described: "one inlet and one outlet",
    fits: (inlets, outlets) => inlets === 1 && outlets === 1,
  },
  internal: ["P_c"],
  equations: () => ({
    residuals: ["C*dP_c - Q_in + Q_out", "P_in - Rp*Q_in - P_c", "P_c - Rd*Q_out - P_out"],
  }),
};
