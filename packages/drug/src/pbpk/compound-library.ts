/** Compounds by name or CAS number, and those of a configuration. */
import { checkValue, inputError, parseJson, VisceraError } from "@viscera/core";
import { z } from "zod";
import { type Compound, compoundSchema, repeatedProtein } from "./compound.js";
import { findHttkChemical, httkChemicals } from "./httk/chemicals.js";
import { httkCautions, httkCompound } from "./httk/httk-compound.js";
import { MIDAZOLAM } from "./midazolam.js";
import { isStrongBase } from "./partition/rodgers-rowland.js";

/** Compounds that do not come from httk's table. */
const OWN: ReadonlyMap<string, Compound> = new Map([["osp:midazolam", MIDAZOLAM]]);

export interface ResolvedCompound {
  compound: Compound;
  /** What somebody should know who uses it. */
  cautions: string[];
}

/** Names of the library that hold a text, or CAS numbers that begin with it. */
export function compoundNames(part: string): { name: string; cas: string }[] {
  const wanted = part.trim().toLowerCase();
  const own = [...OWN].map(([name, { cas = "" }]) => ({ name, cas }));
  return [...own, ...httkChemicals().map(({ name, cas }) => ({ name, cas }))].filter(
    ({ name, cas }) => name.toLowerCase().includes(wanted) || cas.toLowerCase().startsWith(wanted),
  );
}

/** A compound of the library. Throws `input.compound` with names that are near for an unknown one. */
export function libraryCompound(key: string): ResolvedCompound {
  const own = OWN.get(key.trim().toLowerCase());
  if (own) return { compound: own, cautions: [] };
  const chemical = findHttkChemical(key);
  if (chemical) return { compound: httkCompound(chemical), cautions: httkCautions(chemical) };
  const start = key.trim().slice(0, 5).toLowerCase();
  const near = compoundNames(start)
    .sort((a, b) => a.name.toLowerCase().indexOf(start) - b.name.toLowerCase().indexOf(start))
    .slice(0, 4);
  throw inputError(
    "compound",
    `There is no compound "${key}" in the library.`,
    near.length > 0
      ? `Did you mean ${near.map(({ name }) => name).join(", ")}?`
      : "Look with `viscera drug compounds PART-OF-A-NAME`, or give the compound's numbers.",
  );
}

/**
 * A compound as a configuration gives it: a name or CAS number, its numbers, or `{"basedOn": name, ...}` with those that
 * differ; `{"enzymeShares": {"CYP3A4": 0.9}}` divides its intrinsic clearance among enzymes. Throws `input.schema` naming what is missing or wrong, `input.compound`.
 */
export function resolveCompound(given: unknown, where = "The compound"): ResolvedCompound {
  if (typeof given === "string") return libraryCompound(given);
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw inputError("compound", `${where} is neither a name nor a set of numbers.`);
  }
  const { basedOn, enzymeShares, ...own } = given as Record<string, unknown>;
  if (basedOn !== undefined && typeof basedOn !== "string")
    throw inputError("compound", `"basedOn" of ${where.toLowerCase()} has to be a name or CAS number.`);
  const base = basedOn === undefined ? null : libraryCompound(basedOn);
  const unsourced = Object.keys(own).map((key) => [key, "given in the configuration"]);
  const sources = {
    ...base?.compound.sources,
    ...(typeof own.sources === "object" ? own.sources : Object.fromEntries(unsourced)),
  };
  const whole = checkValue({ ...base?.compound, ...own, sources }, compoundSchema, where);
  const compound = enzymeShares === undefined ? whole : withEnzymeShares(whole, enzymeShares, where);
  const twice = repeatedProtein(compound);
  if (twice !== null) throw inputError("compound", `${where} is contradictory: ${twice}.`);
  const cautions = [...(base?.cautions ?? [])];
  if (
    compound.partitionMethod === "rodgers-rowland" &&
    compound.bloodToPlasma === null &&
    isStrongBase(compound)
  ) {
    cautions.push(
      `Rodgers & Rowland's method takes the affinity of the base ${compound.name} from its blood:plasma ratio, which is not given but estimated: give "bloodToPlasma".`,
    );
  }
  return { compound, cautions };
}

/** One measured clearance told apart by enzymes; what is left over keeps its name. */
function withEnzymeShares(compound: Compound, given: unknown, where: string): Compound {
  const shares = checkValue(
    given,
    z.record(z.string(), z.number().positive().max(1)),
    `"enzymeShares" of ${where.toLowerCase()}`,
  );
  const [process, ...others] = compound.metabolism;
  if (process?.intrinsicClearance === undefined || others.length > 0) {
    throw inputError(
      "compound",
      `"enzymeShares" of ${where.toLowerCase()} divides one intrinsic clearance, but "metabolism" has ${compound.metabolism.length} entries or is saturable.`,
      'Give the enzymes their own entries in "metabolism" instead.',
    );
  }
  const { value, unit } = process.intrinsicClearance;
  const left = 1 - Object.values(shares).reduce((sum, share) => sum + share, 0);
  if (left < -1e-9) {
    throw inputError(
      "compound",
      `"enzymeShares" of ${where.toLowerCase()} add up to ${1 - left}, more than 1.`,
    );
  }
  const parts = Object.entries(shares);
  if (left > 1e-9) parts.push([process.protein, left]);
  return {
    ...compound,
    metabolism: parts.map(([protein, share]) => ({
      ...process,
      protein,
      intrinsicClearance: { value: value * share, unit },
    })),
    sources: {
      ...compound.sources,
      metabolism: `${compound.sources.metabolism ?? ""}; shares of enzymes given`,
    },
  };
}

/** A compound's file. Throws `input.json` too. */
export function readCompound(text: string, fileName: string): ResolvedCompound {
  return resolveCompound(parseJson(text, z.looseObject({}), fileName), `The compound in ${fileName}`);
}

/** A compound in a configuration: checked at once, so that a long run does not begin with one that cannot be used. */
export const compoundReferenceSchema = z
  .union([z.string(), z.looseObject({})], { error: "has to be a name, a CAS number or a set of numbers" })
  .superRefine((given, context) => {
    try {
      resolveCompound(given);
    } catch (error) {
      if (!(error instanceof VisceraError)) throw error;
      // Whoever reports it ends the sentence.
      const message = [error.message, error.hint].filter((part) => part !== "").join(" ");
      context.addIssue({ code: "custom", message: message.replace(/[.?]+$/, "") });
    }
  })
  .meta({
    description:
      "A name or CAS number of the library, a compound's numbers, or {basedOn: name, ...}; see `viscera drug compounds --schema`",
  });
