/** How a model's parameters and compartments are called: those of the first compound bare, of others after its name. */
import { usageError } from "@viscera/core";
import type { Compound } from "./compound.js";

export interface NamedCompound {
  compound: Compound;
  /** "" or `ketoconazole_`. */
  prefix: string;
}

/** A name that formulas can use. */
export function symbolName(name: string): string {
  return name.replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^(?=\p{N})/u, "_");
}

/** Throws `usage` for two compounds of one name. */
export function namedCompounds(compounds: readonly Compound[]): NamedCompound[] {
  const named = compounds.map((compound, i) => ({
    compound,
    prefix: i === 0 ? "" : `${symbolName(compound.name)}_`,
  }));
  const names = compounds.map(({ name }) => symbolName(name).toLowerCase());
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0)
    throw usageError(`Two compounds have the name "${compounds[twice]!.name}".`, "Name them apart.");
  return named;
}
