export * from "./augmentation.js";
export * from "./batch.js";
export type { StepCost } from "./cost.js";
export * from "./dataset.js";
export * from "./fingerprint.js";
export * from "./folds.js";
export { PatchMaker, type PatchPlan } from "./patch.js";
export * from "./plan.js";
export * from "./prepared-case.js";
