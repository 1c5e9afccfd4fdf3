import { readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";
import { inputError } from "@viscera/core";
import type { SbmlReadOptions } from "@viscera/drug";
import { readingError } from "@viscera/scan/node";

/** Documents longer than this are refused before they are parsed. */
const LARGEST_BYTES = 200e6;

/** The text of an SBML document, and how the documents that it names are found: beside it or in folders below. */
export function loadSbml(path: string): { text: string; options: SbmlReadOptions } {
  const folder = resolve(dirname(path));
  const read = (file: string): string => {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      throw readingError(error, file);
    }
    if (bytes.length > LARGEST_BYTES) {
      throw inputError(
        "sbml",
        `${basename(file)} has ${Math.round(bytes.length / 1e6)} MB; the limit is 200 MB.`,
      );
    }
    return new TextDecoder().decode(bytes);
  };
  return {
    text: read(path),
    options: {
      name: basename(path),
      loadDocument: (source) => {
        const file = resolve(folder, source.replace(/^file:/, ""));
        if (relative(folder, file).startsWith("..")) {
          throw inputError(
            "sbml",
            `${basename(path)} names the document "${source}", which lies outside its folder.`,
            "Put it beside the model.",
          );
        }
        return read(file);
      },
    },
  };
}
