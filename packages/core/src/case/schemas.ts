import { z } from "zod";
import { inputError } from "../errors.js";
import { caseFileSchema } from "./case-file.js";
import { labelsFileSchema } from "./labels-file.js";
import { modelFileSchema } from "./model-file.js";
import { organsFileSchema } from "./organs-file.js";
import { patientSchema } from "./patient.js";
import { runSummarySchema } from "./run-file.js";
import { vesselsFileSchema } from "./vessels-file.js";

/** Every file of a case that others read or write, by the name its JSON Schema gets. */
export const FILE_SCHEMAS = {
  case: caseFileSchema,
  labels: labelsFileSchema,
  model: modelFileSchema,
  organs: organsFileSchema,
  patient: patientSchema,
  "run-summary": runSummarySchema,
  vessels: vesselsFileSchema,
} as const;

/** JSON Schema (draft 2020-12) of one of the case folder's files, as an input to it must look. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Record<string, unknown>;
}

/**
 * Parses JSON text against a schema. `where` names the file for the message.
 * Throws `input.json` (not JSON) or `input.schema` (which field is wrong and how).
 */
export function parseJson<T>(text: string, schema: z.ZodType<T>, where: string): T {
  return checkValue(parseJsonValue(text, where), schema, where);
}

/** Parses JSON text whose content is checked elsewhere. Throws `input.json`. */
export function parseJsonValue(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw inputError(
      "json",
      `${where} is not valid JSON: ${(error as Error).message}`,
      "Open it in an editor and mend it at that place.",
    );
  }
}

/** Checks a value against a schema; throws `input.schema` naming the first three wrong fields. */
export function checkValue<T>(value: unknown, schema: z.ZodType<T>, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.length ? `${issue.path.join(".")}: ` : ""}${issue.message}`);
  const more = result.error.issues.length > 3 ? ` (and ${result.error.issues.length - 3} more)` : "";
  throw inputError("schema", `${where} does not have the expected content: ${issues.join("; ")}${more}.`);
}
