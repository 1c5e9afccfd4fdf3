/**
 * One step of Rodas5P in plain TypeScript with dense LU and partial pivoting: the reference that the compiled
 * step is tested against, and its fallback where factors without pivoting are inaccurate.
 */
import type { CompiledSystem, SystemExports } from "../compile/compile-system.js";
import type { Region } from "../compile/layout.js";
import { factorDense, solveFactored } from "../linear/dense.js";
import type { Rodas5pRegions } from "./rodas5p-step.js";
import { A, C, GAMMA, STAGE_TIMES, STAGES, TIME_WEIGHTS } from "./rodas5p-tableau.js";

/** Fills stages, end and error of an instance (one lane, base 0) that stands at the beginning of a step. */
export function pivotedStep(
  { equations, system, regions, extra }: CompiledSystem<Rodas5pRegions>,
  functions: SystemExports,
  memory: Float64Array,
  h: number,
): void {
  const n = system.states.length;
  const view = ({ start, length }: Region) => memory.subarray(start, start + length);
  const mass = system.states.map((_, i) => (system.algebraic?.[i] ? 0 : 1));
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = mass[i]! / (h * GAMMA);
  equations.jacobian.forEach(({ row, column }, k) => {
    matrix[row * n + column]! -= memory[regions.jacobian.start + k]!;
  });
  const factors = factorDense(matrix, n);
  if (factors === null) {
    // A shorter step makes the matrix regular.
    memory[extra.error.start] = Number.POSITIVE_INFINITY;
    return;
  }
  const start = view(extra.start);
  const startTime = memory[extra.startTime.start]!;
  const stages = extra.stages.map(view);
  const argument = view(regions.states);
  const timeDerivatives = regions.timeDerivatives.length > 0 ? view(regions.timeDerivatives) : null;
  const rates = view(regions.rates);
  for (let stage = 0; stage < STAGES; stage++) {
    if (stage > 0) {
      for (let i = 0; i < n; i++) {
        argument[i] = A[stage]!.reduce((sum, weight, j) => sum + weight * stages[j]![i]!, start[i]!);
      }
      memory[regions.time.start] = startTime + STAGE_TIMES[stage]! * h;
      functions.rates(0);
    } else rates.set(view(extra.startRates));
    const side = Float64Array.from(rates, (rate, i) => {
      const coupled = C[stage]!.reduce((sum, weight, j) => sum + weight * stages[j]![i]!, 0);
      const byTime = timeDerivatives ? h * TIME_WEIGHTS[stage]! * timeDerivatives[i]! : 0;
      return rate + (mass[i]! * coupled) / h + byTime;
    });
    stages[stage]!.set(solveFactored(factors, side));
  }
  const end = view(extra.end);
  const absolute = view(extra.absolute);
  const relative = memory[extra.relative.start]!;
  let error = 0;
  for (let i = 0; i < n; i++) {
    const estimate = stages[STAGES - 1]![i]!;
    end[i] = argument[i]! + estimate;
    error += (estimate / (absolute[i]! + relative * Math.max(Math.abs(start[i]!), Math.abs(end[i]!)))) ** 2;
  }
  memory[extra.error.start] = error;
}
