/** Flux balance analysis: the steady reaction rates of the best objective (Orth et al. 2010, doi:10.1038/nbt.1614). */
import { inputError } from "@viscera/core";
import { solve } from "yalps";
import { initialValues } from "./initial-values.js";
import type { SbmlModel } from "./model.js";
import { sbmlEquations, stoichiometryOf } from "./variables.js";

/** Bounds larger than this mean none: the solver works with finite numbers. */
const UNBOUNDED = 1e12;

/**
 * Values of fluxes (by reaction) and of the active objective (by its id). NaN where there is no best solution.
 * Throws `input.sbml` for a model without an objective.
 */
export function fluxBalance(model: SbmlModel): Map<string, number> {
  const { fluxBalance: task } = model;
  const objective = task?.objectives.find(({ id }) => id === task.active);
  if (!task || !objective) {
    throw inputError("sbml", "The model has no flux objective, so there is nothing to balance.");
  }
  const initial = initialValues(model, sbmlEquations(model), 0, () => 0.5);
  const limits = new Map(model.reactions.map(({ id }) => [id, { least: -Infinity, most: Infinity }]));
  for (const { reaction, relation, value } of task.bounds) {
    const limit = limits.get(reaction);
    const bound = typeof value === "number" ? value : initial.valueOf(value);
    if (!limit) throw inputError("sbml", `A flux bound is for "${reaction}", which is no reaction.`);
    if (relation !== "most") limit.least = Math.max(limit.least, bound);
    if (relation !== "least") limit.most = Math.min(limit.most, bound);
  }
  // The solver's variables are not negative: a flux is the difference of a forward and a backward one.
  const variables = new Map<string, Map<string, number>>();
  const constraints = new Map<string, { equal?: number; min?: number; max?: number }>();
  const free = new Set(
    model.species
      .filter(({ boundaryCondition, constant }) => !boundaryCondition && !constant)
      .map(({ id }) => id),
  );
  for (const { id, reactants, products } of model.reactions) {
    const effects = new Map<string, number>();
    for (const [list, sign] of [
      [reactants, -1],
      [products, 1],
    ] as const) {
      for (const reference of list) {
        if (!free.has(reference.species)) continue;
        const key = `balance ${reference.species}`;
        effects.set(key, (effects.get(key) ?? 0) + sign * initial.evaluate(stoichiometryOf(reference)));
        constraints.set(key, { equal: 0 });
      }
    }
    for (const { reaction, coefficient } of objective.terms) {
      if (reaction === id) effects.set("objective", (effects.get("objective") ?? 0) + coefficient);
    }
    const { least, most } = limits.get(id)!;
    const limit: { min?: number; max?: number } = {};
    if (least > -UNBOUNDED) limit.min = least;
    if (most < UNBOUNDED) limit.max = most;
    if (limit.min !== undefined || limit.max !== undefined) {
      effects.set(`bound ${id}`, 1);
      constraints.set(`bound ${id}`, limit);
    }
    variables.set(`forward ${id}`, effects);
    if (least < 0) {
      variables.set(`backward ${id}`, new Map([...effects].map(([key, value]) => [key, -value])));
    }
  }
  const {
    status,
    result,
    variables: found,
  } = solve({
    direction: objective.maximise ? "maximize" : "minimize",
    objective: "objective",
    constraints,
    variables,
  });
  const values = new Map(found);
  const solved = status === "optimal";
  const fluxes = new Map(
    model.reactions.map(({ id }) => [
      id,
      solved ? (values.get(`forward ${id}`) ?? 0) - (values.get(`backward ${id}`) ?? 0) : Number.NaN,
    ]),
  );
  return fluxes.set(objective.id, solved ? result : Number.NaN);
}
