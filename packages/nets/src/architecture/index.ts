export {
  type ApplyOptions,
  applyNetwork,
  type BatchStatistics,
  type DropoutInput,
  dropoutInputs,
} from "./apply.js";
export { channelBlock } from "./blocked/flat-image.js";
export { type ArchitectureKind, architectureKinds, buildNetwork } from "./build.js";
export { deepestValue } from "./deepest-value.js";
export { checkExtents, valueDims } from "./extents.js";
export { type InferenceOptions, inferenceModel } from "./inference-model.js";
export { initialWeights } from "./initial-weights.js";
export { matchWeights } from "./match-weights.js";
export type { Initialiser, Layer, Network, Operation, ParameterRole, ParameterSpec } from "./network.js";
