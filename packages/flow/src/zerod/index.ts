export { type CalibrationResult, calibrate, calibrationCost } from "./calibrate/calibrate.js";
export type { Network, NetworkBlock } from "./network.js";
export { readNetwork } from "./read-network.js";
export { writeResult } from "./result-table.js";
export { solveNetwork, type ZeroDResult } from "./solve.js";
