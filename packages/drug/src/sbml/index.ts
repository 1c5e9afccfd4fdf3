export * from "./flux-balance.js";
export type { SbmlModel } from "./model.js";
export { Moments } from "./moments.js";
export type { SbmlOutput } from "./outputs.js";
export * from "./read.js";
export * from "./set-values.js";
export * from "./settings.js";
export * from "./simulate.js";
export {
  type ReplicateRunner,
  replicateRunner,
  type SbmlReplicates,
  simulateReplicates,
} from "./stochastic.js";
export * from "./stochastic-suite.js";
export * from "./suite.js";
