import { number, symbol } from "@viscera/numerics";
import type { ModelOutput, PharmacologyModel } from "../pharmacology/model.js";

/** The model with the given outputs only, the first one's area since the start behind them. */
export function withArea(model: PharmacologyModel, outputs: readonly ModelOutput[]): PharmacologyModel {
  const [{ name, unit, expression }] = outputs as [ModelOutput];
  const area = `area.${name}`;
  return {
    ...model,
    compartments: [
      ...model.compartments,
      {
        name: area,
        unit: "",
        rate: expression,
        initial: number(0),
        bioavailability: number(1),
        lag: number(0),
        infusionRate: null,
        infusionDuration: null,
      },
    ],
    outputs: [...outputs, { name: area, unit: `${unit}.${model.timeUnit}`, expression: symbol(area) }],
  };
}
