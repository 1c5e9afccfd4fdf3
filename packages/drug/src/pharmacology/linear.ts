import type { CompiledEquations, EquationSystem } from "@viscera/numerics";
import { isOfLastDose } from "./model.js";

/**
 * True when every equation is a sum of states times factors that depend on parameters only: by structure, so that
 * `if(central > 3, ...)`, whose derivative is 0 nearly everywhere, is not mistaken for linear. What depends on the
 * last dose is not linear in the doses.
 */
export function isLinear(
  { graph, equations }: CompiledEquations["equations"],
  system: EquationSystem,
): boolean {
  const states = new Set(system.states);
  // 0: no state in it, 1: linear in the states.
  const degree = new Uint8Array(graph.length);
  for (const node of graph.needed(equations)) {
    const content = graph.content(node);
    if (content.kind === "number") continue;
    if (content.kind === "symbol") {
      if (content.name === system.time || isOfLastDose(content.name)) return false;
      degree[node] = states.has(content.name) ? 1 : 0;
      continue;
    }
    const degrees = content.operands.map((operand) => degree[operand]!);
    if (degrees.every((value) => value === 0)) continue;
    const [a = 0, b = 0] = degrees;
    const stays =
      ["neg", "add", "sub"].includes(content.operator) ||
      (content.operator === "mul" && a + b === 1) ||
      (content.operator === "div" && b === 0);
    if (!stays) return false;
    degree[node] = 1;
  }
  return true;
}
