import { number, sensitivitySystem } from "@viscera/numerics";
import { doseSymbol, doseTimeSymbol, type PharmacologyModel, TIME } from "../pharmacology/model.js";

const UNDOSED = {
  unit: "",
  bioavailability: number(1),
  lag: number(0),
  infusionRate: null,
  infusionDuration: null,
};

/**
 * The model with derivatives of its states, as further compartments, and of its outputs, as further outputs, by some of
 * its parameters (see `sensitivitySystem` for their order). Doses and infusions have to be independent of those.
 */
export function sensitivityModel(
  model: PharmacologyModel,
  parameters: readonly string[],
  order: 1 | 2,
): PharmacologyModel {
  const names = model.compartments.map(({ name }) => name);
  const { system, initial } = sensitivitySystem(
    {
      states: names,
      parameters: [
        ...model.parameters.map(({ name }) => name),
        ...names.map(doseSymbol),
        ...names.map(doseTimeSymbol),
      ],
      time: TIME,
      equations: model.compartments.map(({ rate }) => rate),
      definitions: model.definitions,
      outputs: model.outputs.map(({ expression }) => expression),
    },
    parameters,
    { order, initial: model.compartments.map((compartment) => compartment.initial) },
  );
  return {
    ...model,
    compartments: system.states.map((name, i) => ({
      ...(model.compartments[i] ?? { ...UNDOSED, name }),
      rate: system.equations[i]!,
      initial: initial[i]!,
    })),
    definitions: new Map(),
    outputs: system.outputs!.map((expression, i) => ({ name: `output ${i}`, unit: "", expression })),
  };
}
