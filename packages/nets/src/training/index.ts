export * from "./loss.js";
export * from "./loss-spec.js";
export * from "./optimiser.js";
export * from "./schedule.js";
export * from "./target.js";
