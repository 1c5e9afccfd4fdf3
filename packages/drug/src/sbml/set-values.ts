/** Other values at the start than a document's own: doses, patients, scenarios. */
import { inputError } from "@viscera/core";
import type { SbmlModel } from "./model.js";
import { meansAmount } from "./variables.js";

/**
 * The model with other values of parameters and compartments, and of species at the start: what the symbol means in
 * formulas, an amount or a concentration. An initial assignment to one of them is dropped. Throws `input.sbml` for
 * an unknown name, one that an assignment rule determines, a value that is not finite, and a negative size.
 */
export function withValues(model: SbmlModel, values: Readonly<Record<string, number>>): SbmlModel {
  for (const [id, value] of Object.entries(values)) checkValue(model, id, value);
  const own = (id: string) => (Object.hasOwn(values, id) ? values[id]! : null);
  return {
    ...model,
    parameters: model.parameters.map((item) => ({ ...item, value: own(item.id) ?? item.value })),
    compartments: model.compartments.map((item) => ({ ...item, size: own(item.id) ?? item.size })),
    species: model.species.map((item) => {
      const value = own(item.id);
      if (value === null) return item;
      return meansAmount(model, item)
        ? { ...item, initialAmount: value, initialConcentration: null }
        : { ...item, initialAmount: null, initialConcentration: value };
    }),
    initialAssignments: model.initialAssignments.filter(({ symbol }) => own(symbol) === null),
  };
}

function checkValue(model: SbmlModel, id: string, value: number): void {
  const known = [...model.parameters, ...model.compartments, ...model.species];
  if (!known.some((item) => item.id === id)) {
    throw inputError(
      "sbml",
      `The model has no parameter, compartment or species "${id}".`,
      "Names are those of the document's id attributes, case included.",
    );
  }
  if (model.rules.some((rule) => rule.kind === "assignment" && rule.variable === id)) {
    throw inputError(
      "sbml",
      `"${id}" is determined by a rule at all times, so no value can be given to it.`,
      "Give the values that the rule uses.",
    );
  }
  if (!Number.isFinite(value)) throw inputError("sbml", `The value of "${id}" is ${value}.`);
  if (value < 0 && model.compartments.some((item) => item.id === id)) {
    throw inputError("sbml", `The size of the compartment "${id}" would be ${value}.`);
  }
}
