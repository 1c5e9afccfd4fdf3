/** What an SBML document says, as it says it (https://sbml.org/documents/specifications/). */
import type { DistributionName, Expression } from "@viscera/numerics";

export interface SbmlCompartment {
  id: string;
  size: number | null;
  spatialDimensions: number;
  constant: boolean;
}

export interface SbmlSpecies {
  id: string;
  compartment: string;
  initialAmount: number | null;
  initialConcentration: number | null;
  hasOnlySubstanceUnits: boolean;
  boundaryCondition: boolean;
  constant: boolean;
  conversionFactor: string | null;
}

export interface SbmlParameter {
  id: string;
  value: number | null;
  constant: boolean;
}

export interface SbmlSpeciesReference {
  /** Symbol of the stoichiometry, where it has one. */
  id: string | null;
  species: string;
  constant: boolean;
  stoichiometry: number | null;
  /** Level 2's formula for it. */
  stoichiometryMath: Expression | null;
  /** What the stoichiometry is multiplied by where the species stands for one of another unit; null for 1. */
  factor: Expression | null;
}

export interface SbmlReaction {
  id: string;
  reactants: SbmlSpeciesReference[];
  products: SbmlSpeciesReference[];
  fast: boolean;
  /** Null where the reaction has no rate (yet). */
  rate: Expression | null;
}

export type SbmlRule =
  | { kind: "assignment" | "rate"; variable: string; math: Expression | null }
  | { kind: "algebraic"; math: Expression | null };

export interface SbmlEvent {
  id: string | null;
  trigger: Expression | null;
  delay: Expression | null;
  priority: Expression | null;
  persistent: boolean;
  initialValue: boolean;
  useValuesFromTriggerTime: boolean;
  assignments: { variable: string; math: Expression | null }[];
}

/** Package fbc (version 1 and 2): what a flux balance is to optimise, within which bounds. */
export interface SbmlFluxBalance {
  objectives: { id: string; maximise: boolean; terms: { reaction: string; coefficient: number }[] }[];
  active: string;
  /** Bounds by number (version 1) or by parameter (version 2). */
  bounds: { reaction: string; relation: "least" | "most" | "equal"; value: number | string }[];
}

export interface SbmlModel {
  id: string;
  level: number;
  version: number;
  compartments: SbmlCompartment[];
  species: SbmlSpecies[];
  parameters: SbmlParameter[];
  reactions: SbmlReaction[];
  rules: SbmlRule[];
  initialAssignments: { symbol: string; math: Expression | null }[];
  events: SbmlEvent[];
  conversionFactor: string | null;
  /** Null without the package fbc. */
  fluxBalance: SbmlFluxBalance | null;
  /** Quantities that `delay` needs a record of; `history(k, t)` in a formula means the k-th. */
  recorded: Expression[];
  /** How far back each of them is asked for, in time. */
  lags: Expression[];
  /** What is drawn from distributions (package distrib, version 1). */
  draws: SbmlDraw[];
}

/** A value of a distribution; its arguments may hold symbols of draws before it. */
export interface SbmlDraw {
  distribution: DistributionName;
  arguments: Expression[];
}

/** Symbol of the time; `#` is in no SBML id, so nothing can clash. */
export const TIME_SYMBOL = "#time";

/** Symbol for the rate of change of another one. */
export function rateSymbol(id: string): string {
  return `#rate ${id}`;
}

/** Symbol for a reaction's rate in the units of its submodel. */
export function ownRateSymbol(reaction: string): string {
  return `#own ${reaction}`;
}

/** Symbol for the value of a draw, by its number. */
export function drawSymbol(index: number): string {
  return `#draw ${index}`;
}
