import { existsSync } from "node:fs";
import { basename } from "node:path";
import { inputError, patientSchema } from "@viscera/core";
import {
  type PbpkSubjects,
  pbpkSubjects,
  type ResolvedCompound,
  readCompound,
  resolveCompound,
} from "@viscera/drug";
import { readPatient } from "./read-patient.js";
import { readText } from "./read-text.js";

const NAME = /^(pbpk|httk):(.+)$/s;

/** Whether a model's name means a whole-body model of a compound: `pbpk:midazolam`, `httk:80-05-7`, `pbpk:drug.json`. */
export const isWholeBody = (name: string): boolean => NAME.test(name);

/** A compound by name or CAS number, or from a JSON file. */
export async function loadCompound(name: string): Promise<ResolvedCompound> {
  if (!existsSync(name)) {
    if (name.endsWith(".json"))
      throw inputError("not-found", `The compound's file "${name}" does not exist.`, "Check the path.");
    return resolveCompound(name);
  }
  return readCompound(await readText(name, "the compound"), basename(name));
}

/**
 * The whole-body model that a name means, with the patient of a file and with parameters that are the same in everybody.
 */
export async function loadPbpk(
  name: string,
  patientPath: string | undefined,
  fixed: Readonly<Record<string, number>> = {},
): Promise<PbpkSubjects & ResolvedCompound> {
  const [, kind, key = ""] = NAME.exec(name)!;
  const resolved = await loadCompound(key);
  const patient = patientSchema.parse(await readPatient(patientPath));
  return { ...resolved, ...pbpkSubjects(resolved.compound, patient, { httk: kind === "httk", fixed }) };
}
