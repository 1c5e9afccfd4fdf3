import { inputError } from "@viscera/core";
import { call, type Expression, symbol } from "@viscera/numerics";
import type { SbmlModel } from "./model.js";
import { meansAmount, type SbmlEquations } from "./variables.js";

/** What to give of a variable: its symbol's value, or, of a species, its amount or concentration. */
export interface SbmlOutput {
  variable: string;
  quantity: "symbol" | "amount" | "concentration";
}

/** The expression of an output. Throws `input.sbml` for a variable that the model has not. */
export function outputOf(
  { variable, quantity }: SbmlOutput,
  model: SbmlModel,
  equations: SbmlEquations,
): Expression {
  const { states, constants, definitions, amountOf } = equations;
  const species = model.species.find(({ id }) => id === variable);
  if (!species) {
    if (states.has(variable) || constants.has(variable) || definitions.has(variable)) return symbol(variable);
    throw inputError(
      "sbml",
      `The model has no variable "${variable}".`,
      `It has ${listed([...model.species, ...model.parameters, ...model.compartments].map(({ id }) => id))}.`,
    );
  }
  const amount = meansAmount(model, species);
  if (quantity === "symbol" || (quantity === "amount") === amount) return symbol(variable);
  if (quantity === "concentration") return call("div", variable, species.compartment);
  const kept = amountOf.get(variable);
  return kept === undefined ? call("mul", variable, species.compartment) : symbol(kept);
}

function listed(names: readonly string[]): string {
  const shown = names.filter((name) => !name.includes("#")).slice(0, 12);
  return shown.length === 0 ? "none" : shown.join(", ");
}
