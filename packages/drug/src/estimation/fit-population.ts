import { type JobOptions, VisceraError } from "@viscera/core";
import { cholesky, quasiNewton, solveCholesky } from "@viscera/numerics";
import { isFarStart, nearerStart } from "./find-start.js";
import { PopulationProblem } from "./population-problem.js";
import { type EstimationProblem, shortList } from "./problem.js";
import type { InnerResult, PopulationValues } from "./subject-problem.js";
import {
  type Estimate,
  estimates,
  hessianByGradients,
  type Uncertainty,
  uncertaintyOf,
} from "./uncertainty.js";

export interface FitOptions extends JobOptions {
  mostIterations?: number;
  /** Standard errors, which take two gradients a parameter; default true. */
  uncertainty?: boolean;
}

export interface PopulationFit {
  estimates: Estimate[];
  /** The population's parameters at the end. */
  values: PopulationValues;
  individuals: InnerResult[];
  /** -2 ln likelihood without n ln 2 pi, as NONMEM shows it; n counts values that are not below a limit. */
  objective: number;
  /** With it. */
  minusTwoLogLikelihood: number;
  aic: number;
  bic: number;
  iterations: number;
  converged: boolean;
  uncertainty: Uncertainty | null;
  /** 1 - SD(eta) / omega of each effect of the subject, in percent. */
  shrinkage: { name: string; percent: number }[];
  warnings: string[];
}

/** Promised decreases of the objective that count as none: absolute, and relative to it. */
const TOLERANCE = 1e-5;
const RELATIVE_TOLERANCE = 1e-9;

/**
 * Estimates the population's parameters by the first-order conditional approximation with interaction (FOCEI; without
 * random effects by maximum likelihood). Throws `failed.likelihood` where the start cannot be computed, with the subject.
 */
export async function fitPopulation(
  problem: EstimationProblem,
  options: FitOptions = {},
): Promise<PopulationFit> {
  const { space, subjects } = problem;
  const population = new PopulationProblem(space, subjects, options.signal);
  const warnings: string[] = [];
  const told = (iteration: number, value: number) =>
    options.onProgress?.({
      stage: `iteration ${iteration}`,
      done: 0,
      total: 0,
      detail: `OFV ${value.toFixed(3)}`,
    });
  let free: Float64Array = space.start;
  if (space.structural.length > 0 && isFarStart(problem)) {
    options.onProgress?.({ stage: "looking for a start", done: 0, total: 0 });
    free = await nearerStart(problem, options.signal);
    const found = space.values(free)!.parameters;
    const list = space.structural.map(({ name }, i) => `${name} ${Number(found[i]!.toPrecision(3))}`);
    warnings.push(`The starting values were far from the data; the search began at ${list.join(", ")}.`);
  }
  let objective = sumOf(await started(population, free));
  told(0, objective);
  let iterations = 0;
  let converged = true;
  if (free.length > 0) {
    await population.gradient(free);
    const result = await quasiNewton(population, free, {
      hessian: startingHessian(population.gradientProducts(), free.length),
      tolerance: TOLERANCE + RELATIVE_TOLERANCE * Math.abs(objective),
      mostIterations: options.mostIterations ?? 200,
      signal: options.signal,
      onIteration: ({ iteration, value }) => told(iteration, value),
    });
    ({ x: free, value: objective, iterations, converged } = result);
  }
  let uncertainty: Uncertainty | null = null;
  if (options.uncertainty !== false && free.length > 0) {
    const hessian = await hessianByGradients(population, free, (done, total) =>
      options.onProgress?.({ stage: "standard errors", done, total }),
    );
    free = await lastStep(population, free, hessian);
    objective = await population.value(free);
    await population.gradient(free);
    uncertainty = uncertaintyOf(space, free, hessian, population.gradientProducts());
    warnings.push(...uncertainty.warnings);
  }
  const individuals = (await population.results(free))!;
  if (!converged) {
    warnings.push("The search did not come to a clear end; try other starting values, or fix a parameter.");
  }
  const vanished = space.vanished(free);
  if (vanished.length > 0) {
    const names = vanished.map((i) => space.freeNames[i]!);
    warnings.push(
      `${names.join(", ")} went to 0: the data do not need ${names.length === 1 ? "it" : "them"}; leave ${names.length === 1 ? "it" : "them"} out.`,
    );
  }
  const stuck = subjects.filter((_, i) => !individuals[i]!.converged).map(({ data }) => data.id);
  if (stuck.length > 0)
    warnings.push(`The effects of subjects ${shortList(stuck)} were not found to full accuracy.`);
  const parameters = free.length;
  const count = problem.observations - problem.censored;
  const minusTwoLogLikelihood = objective + count * Math.log(2 * Math.PI);
  const values = space.values(free)!;
  return {
    estimates: estimates(space, free, uncertainty),
    values,
    individuals,
    objective,
    minusTwoLogLikelihood,
    aic: minusTwoLogLikelihood + 2 * parameters,
    bic: minusTwoLogLikelihood + parameters * Math.log(problem.observations),
    iterations,
    converged,
    uncertainty,
    shrinkage: shrinkageOf(problem, values, individuals),
    warnings,
  };
}

/** The most probable effects of every subject for given population parameters. Throws `failed.likelihood`. */
export function fitSubjects(problem: EstimationProblem, options: JobOptions = {}): Promise<InnerResult[]> {
  const population = new PopulationProblem(problem.space, problem.subjects, options.signal);
  population.tolerance = 1e-12;
  return started(population, problem.space.start);
}

async function started(population: PopulationProblem, free: Float64Array): Promise<InnerResult[]> {
  const results = await population.results(free);
  if (results === null || !Number.isFinite(sumOf(results))) {
    throw new VisceraError(
      "failed.likelihood",
      "The likelihood cannot be computed at the starting values.",
      "Start from other values with --set, or with a larger residual error.",
    );
  }
  return results;
}

/** A step of Newton's with the Hessian that the standard errors need, where it is no step back. */
async function lastStep(
  population: PopulationProblem,
  free: Float64Array,
  hessian: Float64Array,
): Promise<Float64Array> {
  const factor = cholesky(hessian, free.length);
  if (factor === null) return free;
  const step = solveCholesky(factor, await population.gradient(free), free.length);
  const next = free.map((value, i) => value - step[i]!);
  const before = await population.value(free);
  return (await population.value(next)) <= before + 1e-10 * Math.abs(before) ? next : free;
}

const sumOf = (results: readonly InnerResult[]) => results.reduce((sum, { objective }) => sum + objective, 0);

/** Half the products of the subjects' gradients, which expect the Hessian (Berndt et al. 1974), with some ridge. */
function startingHessian(products: Float64Array, n: number): Float64Array {
  const largest = Math.max(...Array.from({ length: n }, (_, i) => products[i * n + i]!));
  return products.map(
    (value, k) => value / 2 + (k % (n + 1) === 0 ? 1e-3 * value + 1e-6 * largest + 1e-8 : 0),
  );
}

function shrinkageOf(
  { effects, subjects }: EstimationProblem,
  { subject }: PopulationValues,
  individuals: readonly InnerResult[],
): { name: string; percent: number }[] {
  if (subjects.length < 2) return [];
  return effects.subject.map((name, k) => {
    const values = individuals.map((individual) => individual.effects[k]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
    return { name, percent: 100 * (1 - Math.sqrt(variance / subject.matrix[k * subject.size + k]!)) };
  });
}
