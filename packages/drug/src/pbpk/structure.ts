/** Which tissues a model tells apart, and how blood runs through them. */
import { usageError } from "@viscera/core";
import { TISSUES } from "@viscera/organ";
import type { Compound } from "./compound.js";

export interface PbpkTissue {
  /** Also the name of its compartment. */
  name: string;
  /** Tissues of the physiology that are lumped in it: volumes and flows add up, partition coefficients are averaged. */
  of: readonly string[];
  /** Where its blood goes. */
  drainsTo: "venous" | "liver";
}

export const LIVER_MODELS = ["well-stirred", "parallel-tube", "dispersion"] as const;
export type LiverModel = (typeof LIVER_MODELS)[number];

export interface PbpkStructure {
  tissues: readonly PbpkTissue[];
  liver: LiverModel;
}

/** Every tissue of the reference adult for itself; gut and spleen drain into the liver. */
export const WHOLE_BODY: PbpkStructure = {
  tissues: TISSUES.map((name) => ({
    name,
    of: [name],
    drainsTo: name === "gut" || name === "spleen" ? "liver" : "venous",
  })),
  liver: "well-stirred",
};

/** The tissues of httk's model `pbtk`: the spleen belongs to the rest, and only the gut drains into the liver. */
export const HTTK_PBTK: PbpkStructure = {
  tissues: [
    ...["lung", "liver", "kidney"].map((name) => ({ name, of: [name], drainsTo: "venous" as const })),
    { name: "gut", of: ["gut"], drainsTo: "liver" },
    {
      name: "rest",
      of: ["fat", "bone", "brain", "heart", "muscle", "skin", "spleen", "rest"],
      drainsTo: "venous",
    },
  ],
  liver: "well-stirred",
};

/**
 * Throws `usage` where a compound's own coefficients or permeabilities are of tissues that the structure has not; the
 * coefficients may be of lumped ones.
 */
export function checkTissuesOf(
  { name, partition, permeabilityPerH }: Compound,
  { tissues }: PbpkStructure,
): void {
  const own = tissues.map((tissue) => tissue.name);
  const lumped = [...new Set([...own, ...tissues.flatMap(({ of }) => of)])];
  const check = (field: string, keys: string[], known: readonly string[]) => {
    const unknown = keys.find((key) => !known.includes(key));
    if (unknown !== undefined)
      throw usageError(
        `"${field}" of ${name} names the tissue "${unknown}", which the model has not.`,
        `It has ${known.join(", ")}.`,
      );
  };
  check("partition", Object.keys(partition), lumped);
  check("permeabilityPerH", Object.keys(permeabilityPerH), own);
}

/** Tissues that the equations name. */
const NEEDED = ["lung", "liver", "kidney", "gut"];

/** Throws `usage` for a structure without lung, liver, kidney or gut, or with a tissue twice. */
export function checkStructure({ tissues }: PbpkStructure): void {
  const names = tissues.map(({ name }) => name);
  const missing = NEEDED.filter((name) => !names.includes(name));
  if (missing.length > 0) throw usageError(`The whole-body model lacks ${missing.join(", ")}.`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw usageError(`The whole-body model has the tissue "${twice}" twice.`);
}
