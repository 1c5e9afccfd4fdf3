/**
 * One step of the generalised-alpha method in plain TypeScript with dense LU and partial pivoting: the reference that
 * the compiled step is tested against, and its fallback where pivots chosen beforehand are no good.
 */
import { factorDense, solveFactored } from "../linear/dense.js";
import { type CompiledImplicit, sampleLookUp } from "./compile-implicit.js";
import type { AlphaWeights } from "./generalised-alpha.js";

export interface AlphaStepRequest {
  weights: AlphaWeights;
  step: number;
  absolute: number;
  iterations: number;
  parameters: Float64Array;
  /** At the time of evaluation. */
  inputs: Float64Array;
  /** At the step's beginning. */
  values: Float64Array;
  rates: Float64Array;
}

export type AlphaFailure = "newton" | "not-finite" | "singular";

export interface AlphaStepOutcome {
  values: Float64Array;
  rates: Float64Array;
  residual: Float64Array;
  iterations: number;
  failure: AlphaFailure | null;
}

export function pivotedAlphaStep(
  { system, built }: Pick<CompiledImplicit, "system" | "built">,
  request: AlphaStepRequest,
): AlphaStepOutcome {
  const size = system.unknowns.length;
  const { alphaM, alphaF, gamma } = request.weights;
  const correction = gamma * request.step;
  const values = request.values.slice();
  const rates = request.rates.map((rate) => rate * (1 - 1 / gamma));
  const blend = (old: Float64Array, next: Float64Array, share: number) =>
    old.map((value, k) => value + share * (next[k]! - value));
  for (let iterations = 0; ; iterations++) {
    const lookUp = sampleLookUp(system, {
      parameters: request.parameters,
      inputs: request.inputs,
      values: blend(request.values, values, alphaF),
      rates: blend(request.rates, rates, alphaM),
      rateWeight: alphaM,
      valueWeight: alphaF * correction,
    });
    const residual = built.graph.evaluate(built.residuals, lookUp);
    const end = (failure: AlphaFailure | null) => ({ values, rates, residual, iterations, failure });
    if (residual.every((value) => Math.abs(value) < request.absolute)) return end(null);
    if (!residual.every(Number.isFinite)) return end("not-finite");
    if (iterations === request.iterations - 1) return end("newton");
    const entries = built.graph.evaluate(
      built.jacobian.map(({ node }) => node),
      lookUp,
    );
    const matrix = new Float64Array(size * size);
    for (const [k, { row, column }] of built.jacobian.entries()) matrix[row * size + column] = entries[k]!;
    const factors = factorDense(matrix, size);
    if (factors === null) return end("singular");
    const change = solveFactored(factors, residual);
    const conditions = built.graph.evaluate(
      built.resets.map(({ condition }) => condition),
      lookUp,
    );
    for (const [k, { unknown }] of built.resets.entries()) if (conditions[k]) values[unknown] = 0;
    for (let k = 0; k < size; k++) {
      rates[k]! -= change[k]!;
      values[k]! -= correction * change[k]!;
    }
  }
}
