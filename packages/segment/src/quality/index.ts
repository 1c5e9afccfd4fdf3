export * from "./calibration.js";
export { looksFamiliar, obstacleTo } from "./choice.js";
export * from "./familiarity.js";
export {
  type FeatureSpread,
  featureDistance,
  meanFeatures,
  spreadFromWeights,
  spreadOf,
  spreadToWeights,
} from "./feature-distance.js";
export { type ImageFacts, imageFacts } from "./image-facts.js";
export { entropyPercent, softmaxVoxels } from "./uncertainty.js";
export { seeScan } from "./window-features.js";
