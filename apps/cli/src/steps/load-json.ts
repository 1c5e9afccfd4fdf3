import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { inputError, parseJsonValue } from "@viscera/core";
import { readingError } from "@viscera/scan/node";

/** Documents longer than this are refused before they are parsed. */
const LARGEST_BYTES = 400e6;

/** A JSON document that another program's user wrote. Throws what reading throws, and `input.json`. */
export async function loadJson(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((error) => {
    throw readingError(error, path);
  });
  const name = basename(path);
  if (bytes.length > LARGEST_BYTES) {
    throw inputError("json", `${name} has ${Math.round(bytes.length / 1e6)} MB; the limit is 400 MB.`);
  }
  // Nothing of a binary file may reach the terminal by way of a message.
  if (bytes.includes(0))
    throw inputError("json", `${name} is no JSON file.`, "Check that it is the right file.");
  return parseJsonValue(new TextDecoder().decode(bytes), name);
}
