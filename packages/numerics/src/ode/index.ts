export * from "./choose-solver.js";
export { makeConsistent } from "./consistent.js";
export type { EventSpec, RandomQuantity } from "./event-queue.js";
export { ExactLinear, isLinear } from "./exact-linear.js";
export { type HybridOptions, HybridSystem } from "./hybrid.js";
export * from "./integrate.js";
export * from "./integrator.js";
export { type CompiledNdf, compileNdf, Ndf } from "./ndf.js";
export {
  type PopulationOptions,
  type PopulationRun,
  PopulationSolver,
  type PopulationStop,
  solvePopulation,
} from "./population.js";
export { type CompiledRodas5p, compileRodas5p, Rodas5p } from "./rodas5p.js";
export { type CompiledRodas5pPair, compileRodas5pPair, Rodas5pPair } from "./rodas5p-pair.js";
export { type CompiledTsit5, compileTsit5, Tsit5 } from "./tsit5.js";
