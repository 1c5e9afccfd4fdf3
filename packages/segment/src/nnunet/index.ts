export { type NnUnetDataset, readNnUnetDataset } from "./labels.js";
export { configurationsOf, type NnUnetPlan, type NnUnetReader, readPlan } from "./plans.js";
export * from "./predict.js";
