export {
  type CompiledImplicit,
  compileImplicit,
  type ImplicitSample,
} from "./compile-implicit.js";
export {
  type AlphaOptions,
  type AlphaStatistics,
  type AlphaWeights,
  alphaWeights,
  GeneralisedAlpha,
} from "./generalised-alpha.js";
export type { ImplicitSystem } from "./implicit-system.js";
