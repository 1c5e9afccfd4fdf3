/** Tissue:plasma partition coefficients of a compound by the method it names. */
import { inputError } from "@viscera/core";
import type { Compound } from "../compound.js";
import { ionisation } from "../ionisation.js";
import { berezhkovskiy, type PoulinTheilTissue, poulinTheil } from "./poulin-theil.js";
import { type RodgersRowlandTissue, rodgersRowland } from "./rodgers-rowland.js";
import { calibratedSchmitt, schmitt } from "./schmitt.js";

export { berezhkovskiy, poulinTheil } from "./poulin-theil.js";
export { rodgersRowland } from "./rodgers-rowland.js";
export { calibratedSchmitt, estimatedMembraneAffinity, schmitt } from "./schmitt.js";

/** Tissues that every method knows. */
export const KNOWN_TISSUES = [
  "lung",
  "liver",
  "kidney",
  "spleen",
  "gut",
  "heart",
  "brain",
  "muscle",
  "fat",
  "bone",
  "skin",
] as const;
export type KnownTissue = (typeof KNOWN_TISSUES)[number];

/**
 * What remains of the body (glands, lymph nodes, connective tissue) is not in the tables of the older methods: it is
 * taken as the mean of these.
 */
const REST_AS: readonly KnownTissue[] = ["gut", "skin"];

/**
 * Concentration in a tissue over that in plasma at equilibrium. Throws `input.compound` for a tissue that nothing is
 * known of.
 */
export function partitionCoefficient(tissue: string, compound: Compound, haematocrit: number): number {
  const given = compound.partition[tissue];
  if (given !== undefined) return given;
  const {
    logP,
    pKaAcids,
    pKaBases,
    fractionUnbound,
    logMembraneAffinity,
    partitionMethod: method,
  } = compound;
  if (method === "schmitt" || method === "httk") {
    const drug = { logP, logMembraneAffinity, pKaAcids, pKaBases, fractionUnbound };
    if (tissue === "rest" || isKnown(tissue))
      return (method === "httk" ? calibratedSchmitt : schmitt)(tissue, drug) * fractionUnbound;
  }
  if (tissue === "rest")
    return (
      REST_AS.reduce((sum, name) => sum + partitionCoefficient(name, compound, haematocrit), 0) /
      REST_AS.length
    );
  if (!isKnown(tissue)) {
    throw inputError(
      "compound",
      `No partition coefficient is known of the tissue "${tissue}".`,
      `Give it in the compound's "partition"; methods know ${KNOWN_TISSUES.join(", ")} and rest.`,
    );
  }
  if (method === "rodgers-rowland") {
    const bloodToPlasma = bloodToPlasmaRatio(compound, haematocrit);
    const drug = { logP, pKaAcids, pKaBases, fractionUnbound, bloodToPlasma, haematocrit };
    return rodgersRowland(tissue satisfies RodgersRowlandTissue, drug);
  }
  const { positive, negative } = ionisation(7.4, pKaAcids, pKaBases);
  const byLipid = method === "poulin-theil" ? poulinTheil : berezhkovskiy;
  return byLipid(tissue satisfies PoulinTheilTissue, { logP, fractionUnbound, ionised: positive + negative });
}

/** As given, or from what red cells hold by Schmitt's method. */
export function bloodToPlasmaRatio(compound: Compound, haematocrit: number): number {
  if (compound.bloodToPlasma !== null) return compound.bloodToPlasma;
  return 1 - haematocrit + haematocrit * schmitt("redCells", compound) * compound.fractionUnbound;
}

const isKnown = (tissue: string): tissue is KnownTissue =>
  (KNOWN_TISSUES as readonly string[]).includes(tissue);
