export * from "./augmentation.js";
export * from "./batch.js";
export type { StepCost } from "./cost.js";
export * from "./dataset.js";
export * from "./fingerprint.js";
export * from "./folds.js";
export * from "./plan.js";
