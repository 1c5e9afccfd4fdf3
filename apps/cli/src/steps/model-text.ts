import { existsSync } from "node:fs";
import { libraryModelText } from "@viscera/drug";
import { readText } from "./read-text.js";

/** Text of a model file or, where there is none, of the model with that name. */
export async function modelText(path: string): Promise<string> {
  return existsSync(path) ? await readText(path, "the model") : libraryModelText(path);
}
