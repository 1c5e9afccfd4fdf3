import { type Simulation, usageError } from "@viscera/core";
import { drugSimulation, populationSimulation } from "@viscera/drug";
import { flowSimulation } from "@viscera/flow";

/** Every simulation the command can start, in the order help lists them. */
export const SIMULATIONS: readonly Simulation[] = [
  drugSimulation as Simulation,
  populationSimulation as Simulation,
  flowSimulation as Simulation,
];

/** Simulation of an id. Throws `usage`, naming those that exist. */
export function simulationOf(id: string): Simulation {
  const found = SIMULATIONS.find((simulation) => simulation.id === id);
  if (!found) {
    throw usageError(
      `There is no simulation "${id}".`,
      `These exist: ${SIMULATIONS.map((simulation) => simulation.id).join(", ")}.`,
    );
  }
  return found;
}

/** Ids of a comma-separated list, each once. */
export function simulationList(text: string | undefined): string[] {
  const ids = (text ?? "")
    .split(",")
    .map((id) => id.trim())
    .filter((id) => id !== "");
  return [...new Set(ids.map((id) => simulationOf(id).id))];
}
