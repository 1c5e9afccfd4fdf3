import { basename } from "node:path";
import { usageError } from "@viscera/core";
import { type PharmacologyModel, pbpkModel, readModelText, type WholeBody } from "@viscera/drug";
import { isWholeBody, loadCompound } from "./load-pbpk.js";
import { modelText } from "./model-text.js";

export interface PopulationModel {
  model: PharmacologyModel;
  /** Of a whole-body model; null for others. */
  body: WholeBody | null;
  /** For titles. */
  title: string;
  cautions: string[];
}

/** A model as text or by name, or `pbpk:COMPOUND`. */
export async function populationModel(
  given: string,
  filtration: WholeBody["filtration"],
): Promise<PopulationModel> {
  if (!isWholeBody(given)) {
    const model = readModelText(await modelText(given), basename(given));
    return { model, body: null, title: model.title || given, cautions: [] };
  }
  if (given.startsWith("httk:")) {
    throw usageError(
      "The model of httk has one body only, so there is no population of it.",
      `Take pbpk:${given.slice(5)}, the whole-body model with bodies of virtual people.`,
    );
  }
  const { compound, cautions } = await loadCompound(given.slice("pbpk:".length));
  const model = pbpkModel([compound]);
  return { model, body: { model, compounds: [compound], filtration }, title: model.title, cautions };
}
