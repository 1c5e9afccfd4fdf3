export * from "./loss.js";
export * from "./loss-spec.js";
export * from "./optimiser.js";
export * from "./schedule.js";
export * from "./target.js";
export * from "./trainer.js";
export type { BatchSpec } from "./training-graph.js";
