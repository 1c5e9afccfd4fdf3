export type { SbmlModel } from "./model.js";
export * from "./read.js";
export * from "./settings.js";
export * from "./simulate.js";
