import { childOf, childrenOf, inputError, type XmlElement } from "@viscera/core";
import type { SbmlFluxBalance } from "./model.js";

const RELATIONS: Readonly<Record<string, SbmlFluxBalance["bounds"][number]["relation"]>> = {
  greaterEqual: "least",
  greater: "least",
  lessEqual: "most",
  less: "most",
  equal: "equal",
};

/** The package fbc, versions 1 and 2, of a top model; null where the model has no objective. */
export function readFluxBalance(model: XmlElement): SbmlFluxBalance | null {
  const list = childOf(model, "listOfObjectives");
  if (!list) return null;
  const objectives = childrenOf(list, "objective").map((objective) => ({
    id: objective.attributes.get("id") ?? "",
    maximise: (objective.attributes.get("type") ?? "").startsWith("max"),
    terms: (childOf(objective, "listOfFluxObjectives")?.children ?? []).map((term) => ({
      reaction: term.attributes.get("reaction") ?? "",
      coefficient: Number(term.attributes.get("coefficient")),
    })),
  }));
  const [first] = objectives;
  if (!first) return null;
  const bounds: SbmlFluxBalance["bounds"] = [];
  for (const bound of childOf(model, "listOfFluxBounds")?.children ?? []) {
    const operation = bound.attributes.get("operation") ?? "";
    const relation = RELATIONS[operation];
    if (!relation) {
      throw inputError("sbml", `Line ${bound.line}: a flux bound has the unknown operation "${operation}".`);
    }
    const value = Number((bound.attributes.get("value") ?? "").replace(/^([+-]?)inf$/i, "$1Infinity"));
    bounds.push({ reaction: bound.attributes.get("reaction") ?? "", relation, value });
  }
  for (const reaction of childOf(model, "listOfReactions")?.children ?? []) {
    const id = reaction.attributes.get("id") ?? "";
    for (const [attribute, relation] of [
      ["lowerFluxBound", "least"],
      ["upperFluxBound", "most"],
    ] as const) {
      const parameter = reaction.attributes.get(attribute);
      if (parameter !== undefined) bounds.push({ reaction: id, relation, value: parameter });
    }
  }
  return { objectives, active: list.attributes.get("activeObjective") ?? first.id, bounds };
}
