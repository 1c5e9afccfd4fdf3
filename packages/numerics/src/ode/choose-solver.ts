import type { EquationSystem } from "../compile/equations.js";
import { compileEquations, EquationEvaluator } from "../compile/evaluator.js";
import { ExactLinear, isLinear } from "./exact-linear.js";
import type { Integrator, IntegratorOptions } from "./integrator.js";
import { compileNdf, Ndf } from "./ndf.js";
import { compileRodas5p, Rodas5p } from "./rodas5p.js";
import { compileTsit5, Tsit5 } from "./tsit5.js";

export const SOLVERS = ["exact", "tsit5", "rodas5p", "ndf"] as const;
export type SolverName = (typeof SOLVERS)[number];

export interface SolverProblem extends IntegratorOptions {
  /** Where it starts, and how long it goes on. */
  from: number;
  until: number;
  state: ArrayLike<number>;
  parameters: ArrayLike<number>;
}

/** Exponentials of larger matrices cost more than steps. */
const LARGEST_EXACT = 40;
/** From so many states on a step of Rodas5P, with its eight solutions, costs too much where factors fill up. */
const LARGEST_RODAS = 4000;
/** Below this relative tolerance the high order of a multistep method is worth more than cheap steps. */
const TIGHT = 1e-11;
/**
 * Largest rate in the system times the span: an explicit method then needs a hundred steps for its stability at the
 * most (its limit is 3.3 a step), which accuracy would ask for anyway.
 */
const LARGEST_EXPLICIT = 300;

/**
 * Which solver suits a problem: exact propagation for small linear systems with constant coefficients, an explicit
 * pair where nothing is fast against the span, Rodas5P for stiff systems, NDF for very large ones and very tight
 * tolerances. Stiffness is judged by the Jacobian at the start (its largest row sum), which may mislead where it
 * changes much; `rodas5p` is never wrong, only slower.
 */
export async function chooseSolver(system: EquationSystem, problem: SolverProblem): Promise<SolverName> {
  const n = system.states.length;
  if (n > 0 && n <= LARGEST_EXACT && isLinear(system)) return "exact";
  if (n > LARGEST_RODAS || (problem.relative ?? 1e-6) < TIGHT) return "ndf";
  if (n > LARGEST_DENSE || system.algebraic?.includes(true) || system.history) return "rodas5p";
  const evaluator = new EquationEvaluator(await compileEquations(system));
  evaluator.setParameters(problem.parameters);
  const state = Float64Array.from(Array.from(problem.state));
  const { jacobian } = evaluator.linearise(problem.from, state);
  let largest = 0;
  for (let row = 0; row < n; row++) {
    let sum = 0;
    for (let column = 0; column < n; column++) sum += Math.abs(jacobian[row * n + column]!);
    largest = Math.max(largest, sum);
  }
  return largest * (problem.until - problem.from) <= LARGEST_EXPLICIT ? "tsit5" : "rodas5p";
}

/** A Jacobian is looked at in full up to this size. */
const LARGEST_DENSE = 500;

/** A solver by its name, compiled and with its tolerances; it still has to be `reset` to a start. */
export async function createSolver(
  name: SolverName,
  system: EquationSystem,
  options: IntegratorOptions = {},
): Promise<Integrator> {
  switch (name) {
    case "exact":
      return ExactLinear.create(system);
    case "tsit5":
      return new Tsit5(await compileTsit5(system), options);
    case "rodas5p":
      return new Rodas5p(await compileRodas5p(system), options);
    case "ndf":
      return new Ndf(await compileNdf(system), options);
  }
}
