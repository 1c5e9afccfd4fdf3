export * from "./flux-balance.js";
export type { SbmlModel } from "./model.js";
export * from "./read.js";
export * from "./settings.js";
export * from "./simulate.js";
export * from "./suite.js";
