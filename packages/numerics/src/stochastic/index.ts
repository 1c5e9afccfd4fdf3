export { type DistributionName, drawFrom, isDistribution, takesArguments } from "./distributions.js";
export {
  type JumpOptions,
  JumpProcess,
  type JumpReaction,
  type JumpSystem,
} from "./jump-process.js";
export { logNormalCdf, lowerGamma, normalCdf, normalQuantile, upperGamma } from "./special-functions.js";
export { StratifiedUniforms } from "./stratified.js";
