/** How fast proteins are made and broken down. */
import { usageError } from "@viscera/core";
import type { Organ } from "./interactions.js";

/** Degradation in 1/h by protein; the gut's follows the renewal of its cells. */
export type Turnover = Readonly<Record<string, Partial<Record<Organ, number>>>>;

/** Half-lives in the liver in h (Yang et al., Curr. Drug Metab. 9 (2008) 384) ... */
const LIVER_HALF_LIFE_H: Readonly<Record<string, number>> = {
  CYP1A2: 38,
  CYP2B6: 32,
  CYP2C8: 23,
  CYP2C9: 104,
  CYP2C19: 26,
  CYP2D6: 70,
  CYP3A4: 36,
};
/** ... and of any enzyme in the gut's wall (same). */
const GUT_HALF_LIFE_H = 23;

/** Degradation of a protein in 1/h. Throws `usage` where none is given or known. */
export function degradationPerH(protein: string, organ: Organ, given: Turnover): number {
  const value = given[protein]?.[organ];
  if (value !== undefined) return value;
  if (organ === "gut") return Math.LN2 / GUT_HALF_LIFE_H;
  const known = organ === "liver" ? LIVER_HALF_LIFE_H[protein] : undefined;
  if (known !== undefined) return Math.LN2 / known;
  throw usageError(
    `How fast ${protein} is renewed in the ${organ} is not known, but a compound changes its level.`,
    `Give it as "turnover": {"${protein}": {"${organ}": 0.02}} in 1/h.`,
  );
}
