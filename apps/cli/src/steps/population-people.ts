/** Who is simulated: `--people age=18-65,female=0.4,weight=50-90,height=150-190,bmi=18-30` and `--patient`. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  CASE_PATHS,
  caseFileSchema,
  type OrganRecord,
  organsFileSchema,
  type Patient,
  parseJson,
  patientSchema,
  usageError,
} from "@viscera/core";
import type { PeopleSpec, Range } from "@viscera/organ";
import { readPatient } from "./read-patient.js";
import { readText } from "./read-text.js";

const RANGES: Readonly<Record<string, "ageYears" | "weightKg" | "heightCm" | "bodyMassIndex">> = {
  age: "ageYears",
  weight: "weightKg",
  height: "heightCm",
  bmi: "bodyMassIndex",
};
const HINT = "Write for example --people age=18-65,female=0.4,bmi=18-30, or --people adults.";

/** Throws `usage`. */
export function readPeople(text: string): PeopleSpec {
  const spec: PeopleSpec = {};
  if (text.trim() === "adults") return spec;
  for (const item of text.split(",")) {
    const [, name = "", value = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(item) ?? [];
    const range = RANGES[name];
    if (range !== undefined) spec[range] = rangeOf(value, item);
    else if (name === "female" && value !== "" && Number.isFinite(Number(value)))
      spec.femaleShare = Number(value);
    else throw usageError(`--people does not understand "${item.trim()}".`, HINT);
  }
  return spec;
}

function rangeOf(text: string, item: string): Range {
  const [, low = "", high = low] = /^(\d+\.?\d*)(?:-(\d+\.?\d*))?$/.exec(text) ?? [];
  if (low === "") throw usageError(`--people does not understand "${item.trim()}".`, HINT);
  return [Number(low), Number(high)];
}

/**
 * What is known of a patient: of a case folder (or its case.json) with the organs measured in it, or of a file as
 * `viscera run --patient` takes.
 */
export async function readPatientOrCase(
  path: string,
): Promise<{ patient: Patient; organs: readonly OrganRecord[]; isCase: boolean }> {
  const folder = await stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
  const file = folder ? join(path, CASE_PATHS.case) : path;
  if (basename(file) !== CASE_PATHS.case) {
    return { patient: patientSchema.parse(await readPatient(path)), organs: [], isCase: false };
  }
  const text = await readText(file, "--patient");
  const { patient } = parseJson(text, caseFileSchema, CASE_PATHS.case);
  const organs = await readText(join(dirname(file), CASE_PATHS.organs), "--patient");
  return { patient, organs: parseJson(organs, organsFileSchema, CASE_PATHS.organs).organs, isCase: true };
}
