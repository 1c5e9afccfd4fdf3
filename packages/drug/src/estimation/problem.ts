/** Model, data and what is to be estimated, made ready: names checked, observations sorted to outputs, all compiled. */
import { inputError, VisceraError } from "@viscera/core";
import type { DataRecord, DataSet, DataSubject } from "../pharmacology/data-set.js";
import type { ModelParameter, PharmacologyModel } from "../pharmacology/model.js";
import { type IndividualModel, individualModel } from "./individual-model.js";
import { observationsOf } from "./observations.js";
import { type ErrorParameter, ParameterSpace, type StructuralParameter } from "./parameter-space.js";
import { Predictor, type SubjectLayout } from "./predictor.js";
import type { ErrorTerm } from "./residual-likelihood.js";
import { type SubjectData, SubjectProblem } from "./subject-problem.js";

export interface ProblemOptions {
  /** Starting values, or values of what is not estimated, by name. */
  settings?: Readonly<Record<string, number>>;
  /** Parameters, random effects (their covariance) and errors (`additive(Cp)`) that are not estimated. */
  fix?: readonly string[];
  /** Parameters that are estimated although the model has them fixed. */
  estimate?: readonly string[];
  /** Values below are only known to be so. */
  quantificationLimit?: number;
  /** `m3`: they count by their probability; `m1`: they are left out (Beal 2001). */
  belowLimit?: "m3" | "m1";
  covariates?: "next" | "last";
  relative?: number;
  absolute?: number;
  signal?: AbortSignal;
}

export interface EstimationProblem {
  model: PharmacologyModel;
  data: DataSet;
  individual: IndividualModel;
  predictor: Predictor;
  space: ParameterSpace;
  subjects: SubjectProblem[];
  effects: { subject: string[]; occasion: string[] };
  observations: number;
  censored: number;
  warnings: string[];
}

/** Names of the columns that a fit takes from the data: what is not estimated, and no random effect. */
export function dataColumnsOf(model: PharmacologyModel, options: ProblemOptions = {}): string[] {
  const estimated = new Set(structuralParameters(model, options).map(({ name }) => name));
  const effects = new Set((model.random ?? []).flatMap(({ names }) => names));
  return model.parameters
    .map(({ name }) => name)
    .filter((name) => !estimated.has(name) && !effects.has(name));
}

/** Throws `input.parameters` for names that are unknown, values out of bounds, `input.data` for what does not fit. */
export async function estimationProblem(
  model: PharmacologyModel,
  data: DataSet,
  options: ProblemOptions = {},
): Promise<EstimationProblem> {
  checkNames(model, options);
  const warnings: string[] = [];
  const { random = [], errors = [] } = model;
  if (errors.length === 0) {
    throw inputError(
      "parameters",
      "The model says nothing of the residual error.",
      'Add a line such as "error Cp = proportional 0.2", or --error proportional=0.2.',
    );
  }
  const fixed = new Set(options.fix ?? []);
  const namesOf = (level: string) =>
    random.filter((block) => block.level === level).flatMap(({ names }) => names);
  const effects = { subject: namesOf("subject"), occasion: namesOf("occasion") };
  const varying = varyingCovariates(data);
  const outputs = errors.map(({ output }) => output);
  let structural = structuralParameters(model, options);
  const names = () => ({ parameters: structural.map(({ name }) => name), ...effects });
  let individual = await individualModel(model, names(), { outputs, varying });
  if (individual.without.length > 0) {
    warnings.push(
      `No observation depends on ${individual.without.join(", ")}; ${individual.without.length === 1 ? "it is" : "they are"} kept as given.`,
    );
    structural = structural.filter(({ name }) => !individual.without.includes(name));
    individual = await individualModel(model, names(), { outputs, varying });
  }
  const settings = settingsFor(model, data, options, structural);
  const predictor = await Predictor.create(individual, data, settings, options);
  const errorParameters: ErrorParameter[] = [];
  const terms = errors.map(({ output, terms: parts }) =>
    parts.map(({ kind, value, fixed: always }): ErrorTerm => {
      const isFixed = always || fixed.has(`${kind}(${output})`) || fixed.has(kind);
      errorParameters.push({ output, kind, start: value, fixed: isFixed });
      return { kind, at: errorParameters.length - 1 };
    }),
  );
  const space = new ParameterSpace(
    structural,
    [...random].map(({ level, names: block, covariance, fixed: always }) => ({
      level,
      names: block,
      covariance,
      fixed: always || block.some((name) => fixed.has(name)),
    })),
    errorParameters,
  );
  const sizes = {
    parameters: structural.length,
    subject: effects.subject.length,
    occasion: effects.occasion.length,
  };
  const observed = observationsOf(model, data, options, warnings);
  const values = space.values(space.start)!;
  const subjects: SubjectProblem[] = [];
  const without: string[] = [];
  const impossible: string[] = [];
  for (const subject of data.subjects) {
    const mine = observed.get(subject)!;
    if (mine.length === 0) {
      without.push(subject.id);
      continue;
    }
    const occasions = occasionsOf(subject, data, effects.occasion.length > 0);
    const constants = constantsOf(individual, subject.records[0]!, data, settings, model, sizes);
    const make = (kept: typeof mine) => {
      const layout = layoutOf(subject, kept, occasions, individual);
      const content: SubjectData = {
        id: subject.id,
        layout,
        observations: kept.map(({ observation }) => observation),
        terms: kept.map(({ output }) => terms[output]!),
        occasions: effects.occasion.length > 0 ? occasions.count : 0,
        constants,
      };
      return new SubjectProblem(content, individual, predictor, sizes);
    };
    const problem = make(mine);
    // A prediction of 0, as before the first dose, tells nothing where errors are relative to it.
    const typical = typicalPredictions(problem, values.parameters);
    const kept = mine.filter(
      ({ output }, j) => typical[j] !== 0 || terms[output]!.some(({ kind }) => kind === "additive"),
    );
    for (const { record } of mine.filter((observation) => !kept.includes(observation))) {
      impossible.push(`line ${record.line}`);
    }
    if (kept.length === 0) without.push(subject.id);
    else subjects.push(kept.length === mine.length ? problem : make(kept));
  }
  if (impossible.length > 0) {
    warnings.push(
      `${impossible.length} observations are left out where the model predicts 0, around which a relative error has no width (${shortList(impossible)}); an additive error would keep them.`,
    );
  }
  if (without.length > 0) warnings.push(`No observation to use: subjects ${shortList(without)}.`);
  const observations = subjects.reduce((sum, { data: { observations: list } }) => sum + list.length, 0);
  if (observations === 0) {
    throw inputError(
      "data",
      `${data.name} holds no observation to fit.`,
      "Observations are rows with EVID 0, MDV 0 and a value in DV.",
    );
  }
  const censored = subjects.reduce(
    (sum, { data: { observations: list } }) => sum + list.filter((one) => one.censored).length,
    0,
  );
  return { model, data, individual, predictor, space, subjects, effects, observations, censored, warnings };
}

export const shortList = (list: readonly string[]) =>
  list.length > 5 ? `${list.slice(0, 5).join(", ")} and ${list.length - 5} more` : list.join(", ");

function typicalPredictions(problem: SubjectProblem, parameters: Float64Array): Float64Array {
  try {
    return problem.predictions(parameters, new Float64Array(problem.size));
  } catch (error) {
    if (!(error instanceof VisceraError) || !error.code.startsWith("failed")) throw error;
    throw new VisceraError(
      error.code,
      `The model fails at the starting values: ${error.message}`,
      "Start from other values with --set.",
    );
  }
}

function checkNames(
  model: PharmacologyModel,
  { settings = {}, fix = [], estimate = [] }: ProblemOptions,
): void {
  const parameters = model.parameters.map(({ name }) => name);
  const effects = (model.random ?? []).flatMap(({ names }) => names);
  const errors = (model.errors ?? []).flatMap(({ output, terms }) =>
    terms.flatMap(({ kind }) => [kind, `${kind}(${output})`]),
  );
  const check = (names: readonly string[], known: readonly string[], what: string) => {
    const unknown = names.find((name) => !known.includes(name));
    if (unknown === undefined) return;
    throw inputError("parameters", `The model has no ${what} "${unknown}".`, `It has ${known.join(", ")}.`);
  };
  const structural = parameters.filter((name) => !effects.includes(name));
  check(Object.keys(settings), structural, "parameter");
  check(estimate, structural, "parameter");
  check(fix, [...parameters, ...errors], "parameter");
}

/** What is estimated, with its start. */
function structuralParameters(
  model: PharmacologyModel,
  { settings = {}, fix = [], estimate = [] }: ProblemOptions,
): StructuralParameter[] {
  const effects = new Set((model.random ?? []).flatMap(({ names }) => names));
  const wanted = ({ name, value, fixed, covariate }: ModelParameter) =>
    !effects.has(name) &&
    (value !== null || name in settings) &&
    !fix.includes(name) &&
    (estimate.includes(name) || (fixed !== true && covariate !== true));
  return model.parameters.filter(wanted).map(({ name, unit, value, lower, upper }) => {
    const start = settings[name] ?? value!;
    if (!Number.isFinite(start)) throw inputError("parameters", `The parameter "${name}" is ${start}.`);
    if ((lower !== undefined && start <= lower) || (upper !== undefined && start >= upper)) {
      const bounds = [
        lower === undefined ? "" : `above ${lower}`,
        upper === undefined ? "" : `below ${upper}`,
      ];
      throw inputError(
        "parameters",
        `"${name}" starts at ${start}, but has to be ${bounds.filter((text) => text).join(" and ")}.`,
        `Give another start with --set ${name}=..., or fix it with --fix ${name}.`,
      );
    }
    return { name, unit, start, lower: lower ?? null, upper: upper ?? null };
  });
}

function varyingCovariates(data: DataSet): Set<string> {
  return new Set(
    data.covariates.filter((_, k) =>
      data.subjects.some(({ records }) =>
        records.some(({ covariates }) => !Object.is(covariates[k], records[0]!.covariates[k])),
      ),
    ),
  );
}

/** Values of everything that is neither estimated nor in the data. */
function settingsFor(
  model: PharmacologyModel,
  data: DataSet,
  { settings = {} }: ProblemOptions,
  structural: readonly StructuralParameter[],
): Record<string, number> {
  const estimated = new Set(structural.map(({ name }) => name));
  const result: Record<string, number> = {};
  for (const { name, value } of model.parameters) {
    if (estimated.has(name) || data.covariates.includes(name)) continue;
    const known = settings[name] ?? value;
    if (known === null) {
      throw inputError(
        "data",
        `${data.name} has no column "${name}", which the model needs as a covariate.`,
        `Add the column, or give it one value with --set ${name}=...`,
      );
    }
    result[name] = known;
  }
  return result;
}

function constantsOf(
  individual: IndividualModel,
  first: DataRecord,
  data: DataSet,
  settings: Readonly<Record<string, number>>,
  model: PharmacologyModel,
  { parameters, subject, occasion }: { parameters: number; subject: number; occasion: number },
): Float64Array {
  const names = individual.evaluator.parameters.slice(parameters + subject + occasion);
  return Float64Array.from(names, (name) => {
    const column = data.covariates.indexOf(name);
    const own = column < 0 ? Number.NaN : first.covariates[column]!;
    if (!Number.isNaN(own)) return own;
    const known = settings[name] ?? model.parameters.find((found) => found.name === name)?.value ?? null;
    if (known !== null) return known;
    throw inputError(
      "data",
      `Line ${first.line} of ${data.name}: the covariate "${name}" is missing.`,
      "Give it in the subject's first row.",
    );
  });
}

interface Occasions {
  count: number;
  of: number[];
}

function occasionsOf({ id, records }: DataSubject, data: DataSet, needed: boolean): Occasions {
  if (!needed) return { count: 1, of: records.map(() => 0) };
  const seen: string[] = [];
  const of = records.map(({ occasion = "", line }) => {
    if (occasion === "") {
      throw inputError(
        "data",
        `Line ${line} of ${data.name}: the occasion of subject ${id} is missing, of which the model has effects.`,
        "Add a column OCC that numbers each subject's occasions.",
      );
    }
    if (!seen.includes(occasion)) seen.push(occasion);
    return seen.indexOf(occasion);
  });
  return { count: seen.length, of };
}

function layoutOf(
  subject: DataSubject,
  observed: readonly { record: DataRecord; output: number }[],
  occasions: Occasions,
  { quantities, ofOccasion }: IndividualModel,
): SubjectLayout {
  return {
    subject,
    lines: observed.map(({ record }) => record.line),
    outputs: observed.map(({ output }) => output),
    occasionOf: occasions.of,
    slots: Array.from({ length: quantities }, (_, quantity) =>
      ofOccasion[quantity]
        ? Array.from({ length: occasions.count }, (__, occasion) => ({ quantity, occasion }))
        : [{ quantity, occasion: null }],
    ).flat(),
  };
}
