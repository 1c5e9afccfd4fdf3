import { existsSync } from "node:fs";
import { basename } from "node:path";
import { inputError, parseJson, VisceraError } from "@viscera/core";
import {
  LIBRARY_MODELS,
  libraryModelText,
  type PharmacologyModel,
  pbpkModel,
  readModelText,
  resolveCompound,
  type WholeBody,
} from "@viscera/drug";
import { z } from "zod";
import { readText } from "./read-text.js";

export interface PopulationModel {
  model: PharmacologyModel;
  /** Of a whole-body model; null for others. */
  body: WholeBody | null;
  /** For titles. */
  title: string;
  cautions: string[];
}

/**
 * A model as text or by name, or the whole-body model of a compound: a JSON file with its numbers, or a name or CAS
 * number of the library.
 */
export async function populationModel(
  given: string,
  filtration: WholeBody["filtration"],
): Promise<PopulationModel> {
  if (!existsSync(given) && LIBRARY_MODELS.has(given)) return asText(libraryModelText(given), given);
  let compound: unknown = given;
  if (existsSync(given)) {
    const text = await readText(given, "the model");
    if (!text.trimStart().startsWith("{")) return asText(text, basename(given));
    compound = parseJson(text, z.looseObject({}), basename(given));
  }
  const { compound: resolved, cautions } = resolvedCompound(compound, given);
  const model = pbpkModel([resolved]);
  return { model, body: { model, compounds: [resolved], filtration }, title: model.title, cautions };
}

function asText(text: string, name: string): PopulationModel {
  const model = readModelText(text, name);
  return { model, body: null, title: model.title || name, cautions: [] };
}

function resolvedCompound(compound: unknown, given: string): ReturnType<typeof resolveCompound> {
  try {
    return resolveCompound(compound, `The compound of "${basename(given)}"`);
  } catch (error) {
    if (!(error instanceof VisceraError) || typeof compound !== "string") throw error;
    throw inputError(
      "not-found",
      `"${given}" is no file, no model of \`viscera drug models\` and no compound of the library.`,
      error.hint,
    );
  }
}
