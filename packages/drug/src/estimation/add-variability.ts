import { inputError } from "@viscera/core";
import { call, type Expression, substitute, symbol } from "@viscera/numerics";
import type { ModelCompartment, PharmacologyModel, ResidualError } from "../pharmacology/model.js";

/**
 * A model with further random effects: each named parameter becomes P exp(eta_P), eta_P with the given variance. The
 * parameter keeps its name as the typical value. Throws `input.parameters` for names that the model lacks.
 */
export function withRandomEffects(
  model: PharmacologyModel,
  variances: Readonly<Record<string, number>>,
): PharmacologyModel {
  const names = Object.keys(variances);
  if (names.length === 0) return model;
  const individual = new Map<string, Expression>();
  for (const name of names) {
    const parameter = model.parameters.find((found) => found.name === name);
    const effects = new Set((model.random ?? []).flatMap((block) => block.names));
    if (parameter === undefined || parameter.covariate || effects.has(name)) {
      const known = model.parameters.filter((p) => !p.covariate && !effects.has(p.name));
      throw inputError(
        "parameters",
        `The model has no parameter "${name}" to vary between subjects.`,
        `It has ${known.map((p) => p.name).join(", ")}.`,
      );
    }
    const variance = variances[name]!;
    if (!(variance > 0 && Number.isFinite(variance))) {
      throw inputError("parameters", `The variance of "${name}" has to be above 0, not ${variance}.`);
    }
    if (model.parameters.some((found) => found.name === effectName(name))) {
      throw inputError("parameters", `The model already has a random effect "${effectName(name)}".`);
    }
    individual.set(name, call("mul", name, call("exp", effectName(name))));
  }
  const replaced = (expression: Expression) =>
    substitute(expression, (name) => (individual.has(name) ? symbol(individualName(name)) : undefined));
  const replacedOrNull = (expression: Expression | null) =>
    expression === null ? null : replaced(expression);
  return {
    ...model,
    parameters: [
      ...model.parameters,
      ...names.map((name) => ({ name: effectName(name), value: 0, unit: "", description: "" })),
    ],
    compartments: model.compartments.map(
      (compartment): ModelCompartment => ({
        ...compartment,
        rate: replaced(compartment.rate),
        initial: replaced(compartment.initial),
        bioavailability: replaced(compartment.bioavailability),
        lag: replaced(compartment.lag),
        infusionRate: replacedOrNull(compartment.infusionRate),
        infusionDuration: replacedOrNull(compartment.infusionDuration),
      }),
    ),
    definitions: new Map([
      ...names.map((name): [string, Expression] => [individualName(name), individual.get(name)!]),
      ...[...model.definitions].map(([name, expression]): [string, Expression] => [
        name,
        replaced(expression),
      ]),
    ]),
    outputs: model.outputs.map((output) => ({ ...output, expression: replaced(output.expression) })),
    random: [
      ...(model.random ?? []),
      ...names.map((name) => ({
        level: "subject" as const,
        names: [effectName(name)],
        covariance: Float64Array.of(variances[name]!),
        fixed: false,
      })),
    ],
  };
}

/** Of the effect that makes a parameter vary. */
export const effectName = (parameter: string) => `eta_${parameter}`;
export const INDIVIDUAL_PREFIX = "individual ";
const individualName = (parameter: string) => `${INDIVIDUAL_PREFIX}${parameter}`;

/** The model with another residual error of an output. Throws `input.parameters` for an output that is not there. */
export function withResidualError(
  model: PharmacologyModel,
  output: string | null,
  terms: ResidualError["terms"],
): PharmacologyModel {
  const name = output ?? model.outputs[0]!.name;
  if (!model.outputs.some((found) => found.name === name)) {
    throw inputError(
      "parameters",
      `The model has no output "${name}".`,
      `It has ${model.outputs.map((found) => found.name).join(", ")}.`,
    );
  }
  const errors = model.errors ?? [];
  const before = errors.find((found) => found.output === name);
  const error: ResidualError = { output: name, compartment: before?.compartment ?? "", terms };
  return {
    ...model,
    errors: before ? errors.map((found) => (found === before ? error : found)) : [...errors, error],
  };
}

/** The model of the typical subject: random effects are 0. */
export function withoutRandomEffects(model: PharmacologyModel): PharmacologyModel {
  const effects = new Set((model.random ?? []).flatMap(({ names }) => names));
  return {
    ...model,
    parameters: model.parameters.map((parameter) =>
      effects.has(parameter.name) ? { ...parameter, value: 0, fixed: true } : parameter,
    ),
    random: [],
  };
}
