import { inputError } from "@viscera/core";
import { call, type EventSpec, number } from "@viscera/numerics";
import type { SbmlModel } from "./model.js";
import { meansAmount, type SbmlEquations } from "./variables.js";

/** An event of the model on the quantities that a solver keeps; none for one without a trigger. */
export function eventOf(
  event: SbmlModel["events"][number],
  model: SbmlModel,
  { amountOf, states, constants }: SbmlEquations,
): EventSpec[] {
  if (!event.trigger) return [];
  const formulas = new Map(
    event.assignments.flatMap(({ variable, math }) => (math ? [[variable, math] as const] : [])),
  );
  const assignments = [...formulas].map(([variable, math]) => {
    const amount = amountOf.get(variable);
    if (amount === undefined) {
      if (states.has(variable) || constants.has(variable)) return { target: variable, value: math };
      throw inputError("sbml", `An event assigns to "${variable}", which cannot be assigned to.`);
    }
    // A concentration is assigned in the compartment as it was; what it holds stays when its size jumps.
    const { compartment } = model.species.find(({ id }) => id === variable)!;
    return { target: amount, value: call("mul", math, compartment) };
  });
  // The same for concentrations that are kept as such.
  for (const species of model.species) {
    const { id, compartment } = species;
    const size = formulas.get(compartment);
    if (!size || amountOf.has(id) || !states.has(id) || meansAmount(model, species)) continue;
    const own = assignments.find(({ target }) => target === id);
    const value = call("div", call("mul", own?.value ?? id, compartment), size);
    if (own) own.value = value;
    else assignments.push({ target: id, value });
  }
  return [
    {
      trigger: event.trigger,
      delay: event.delay ?? number(0),
      ...(event.priority ? { priority: event.priority } : {}),
      persistent: event.persistent,
      initiallyTrue: event.initialValue,
      valuesFromTriggerTime: event.useValuesFromTriggerTime,
      assignments,
    },
  ];
}
