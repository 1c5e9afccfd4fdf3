export type { EquationSystem } from "./equations.js";
export { type CompiledEquations, compileEquations, EquationEvaluator } from "./evaluator.js";
