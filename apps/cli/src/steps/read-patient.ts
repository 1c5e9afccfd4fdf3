import { basename } from "node:path";
import { type Patient, parseJson, patientSchema } from "@viscera/core";
import { readText } from "./read-text.js";

/** What the file of --patient knows; nothing where the option was not given. */
export async function readPatient(path: string | undefined): Promise<Partial<Patient>> {
  if (path === undefined) return {};
  const given = parseJson(await readText(path, "--patient"), patientSchema.partial(), basename(path));
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
  );
}
