export type { EquationSystem } from "./equations.js";
export { type CompiledEquations, compileEquations, EquationEvaluator } from "./evaluator.js";
export { type SensitivityOptions, type SensitivitySystem, sensitivitySystem } from "./sensitivity-system.js";
