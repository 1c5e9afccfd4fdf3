export { makeConsistent } from "./consistent.js";
export type { EventSpec, RandomQuantity } from "./event-queue.js";
export { type HybridOptions, HybridSystem } from "./hybrid.js";
export * from "./integrate.js";
export * from "./integrator.js";
export { type CompiledNdf, compileNdf, Ndf } from "./ndf.js";
export { type CompiledRodas5p, compileRodas5p, Rodas5p } from "./rodas5p.js";
