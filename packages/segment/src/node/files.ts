import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { inputError } from "@viscera/core";

const TOO_LARGE = 2 ** 31 - 1;

/** The bytes of a file of a model. Throws `input.missing` and `input.unreadable` in a sentence. */
export async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw inputError("missing", `The model's file ${path} does not exist.`, "Copy the whole model folder.");
    }
    if (code === "ERR_FS_FILE_TOO_LARGE") {
      throw inputError(
        "too-large",
        `The file ${path} has more than ${TOO_LARGE} bytes, which no ONNX model has.`,
      );
    }
    throw inputError(
      "unreadable",
      `The model's file ${path} cannot be read (${code ?? "unknown reason"}).`,
      "Check its permissions.",
      error,
    );
  }
}

export function parseModelJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw inputError(
      "json",
      `${path} is not valid JSON: ${(error as Error).message}`,
      "Copy the model again, or mend the file in an editor.",
    );
  }
}

/** Lower-case hexadecimal SHA-256 of the parts one after the other. */
export function sha256(...parts: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}
