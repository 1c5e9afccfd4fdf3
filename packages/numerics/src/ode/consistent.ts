import { failedError } from "@viscera/core";
import type { EquationEvaluator } from "../compile/evaluator.js";
import { factorDense, solveFactored } from "../linear/dense.js";

const ITERATIONS = 50;
const TOLERANCE = 1e-12;

/**
 * Changes the algebraic unknowns of a state (in place) so that the algebraic equations hold at a time: Newton's
 * method, with steps halved while they make things worse. Throws `failed.inconsistent`.
 */
export function makeConsistent(evaluator: EquationEvaluator, time: number, state: Float64Array): void {
  const { system } = evaluator;
  const unknowns = state.map((_, i) => i).filter((i) => system.algebraic?.[i] === true);
  const m = unknowns.length;
  if (m === 0) return;
  const n = state.length;
  const sizeOf = (rates: Float64Array) => Math.max(...Array.from(unknowns, (i) => Math.abs(rates[i]!)));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const { rates, jacobian } = evaluator.linearise(time, state);
    const size = sizeOf(rates);
    if (size === 0) return;
    const matrix = new Float64Array(m * m);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < m; j++) matrix[i * m + j] = jacobian[unknowns[i]! * n + unknowns[j]!]!;
    }
    const factors = factorDense(matrix, m);
    if (factors === null) break;
    const correction = solveFactored(
      factors,
      Float64Array.from(unknowns, (i) => -rates[i]!),
    );
    const before = Float64Array.from(unknowns, (i) => state[i]!);
    let share = 1;
    for (; share > 1e-4; share /= 2) {
      for (let k = 0; k < m; k++) state[unknowns[k]!] = before[k]! + share * correction[k]!;
      if (sizeOf(evaluator.rates(time, state)) < size) break;
    }
    const moved = correction.every(
      (change, k) => Math.abs(change) <= TOLERANCE * (Math.abs(before[k]!) + Number.MIN_VALUE),
    );
    if (moved || share <= 1e-4) {
      // No step makes it better: rounding is all that is left, or the iteration is stuck.
      for (let k = 0; k < m; k++) state[unknowns[k]!] = before[k]!;
      const scale = Math.max(...before.map(Math.abs), 1);
      if (size <= 1e-8 * scale) return;
      break;
    }
  }
  const { rates } = evaluator.linearise(time, state);
  if (sizeOf(rates) <= 1e-8) return;
  throw failedError(
    "inconsistent",
    `The algebraic equations have no solution near the values at time ${time}.`,
    "Give initial values that fulfil them, or check their signs.",
  );
}
