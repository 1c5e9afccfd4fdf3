export * from "./budget.js";
export * from "./card.js";
export * from "./dice.js";
export * from "./examples.js";
export * from "./history.js";
export * from "./licence.js";
export { duration, type TrainingPageInput, trainingPage } from "./page/training-page.js";
export * from "./split.js";
export * from "./train-loop.js";
