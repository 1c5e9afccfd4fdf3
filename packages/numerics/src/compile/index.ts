export type { EquationSystem } from "./equations.js";
