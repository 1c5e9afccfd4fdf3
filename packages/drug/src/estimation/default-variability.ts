/** What is estimated where a model says nothing of variability: the usual first model of a population. */
import type { DataSet } from "../pharmacology/data-set.js";
import type { PharmacologyModel } from "../pharmacology/model.js";
import { withRandomEffects, withResidualError } from "./add-variability.js";

/** About 32 % between subjects, where the search begins. */
const VARIANCE = 0.1;
const PROPORTIONAL = 0.2;
/** Of the median observation. */
const ADDITIVE = 0.1;

export interface DefaultVariability {
  model: PharmacologyModel;
  /** What was added, in words; empty where the model said it all. */
  added: string[];
}

/**
 * The model with an additive and proportional error of its first output where it has no residual error, and, with
 * `effects`, a log-normal random effect on every parameter that cannot be negative where it has no random effect.
 * `kept` names parameters that are not to be estimated, and so do not vary.
 */
export function withDefaultVariability(
  model: PharmacologyModel,
  data: DataSet,
  { effects, kept = [] }: { effects: boolean; kept?: readonly string[] },
): DefaultVariability {
  const added: string[] = [];
  let complete = model;
  if (effects && (model.random ?? []).length === 0) {
    const varying = model.parameters.filter(
      ({ name, covariate, fixed, lower, value }) =>
        !covariate && !fixed && value !== null && (lower ?? -1) >= 0 && !kept.includes(name),
    );
    complete = withRandomEffects(complete, Object.fromEntries(varying.map(({ name }) => [name, VARIANCE])));
    if (varying.length > 0)
      added.push(`${varying.map(({ name }) => name).join(", ")} vary log-normally between subjects`);
  }
  if ((model.errors ?? []).length === 0) {
    const additive = ADDITIVE * medianObservation(data);
    complete = withResidualError(complete, null, [
      { kind: "proportional", value: PROPORTIONAL, fixed: false },
      ...(additive > 0 ? [{ kind: "additive" as const, value: additive, fixed: false }] : []),
    ]);
    added.push(`the residual error is proportional${additive > 0 ? " and additive" : ""}`);
  }
  return { model: complete, added };
}

function medianObservation(data: DataSet): number {
  const values = data.subjects
    .flatMap(({ records }) => records.map(({ observed }) => Math.abs(observed ?? 0)))
    .filter((value) => value > 0)
    .sort((a, b) => a - b);
  return values[values.length >> 1] ?? 0;
}
