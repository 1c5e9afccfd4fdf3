import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { inputError } from "@viscera/core";

/** One read takes at most 2 GiB; checkpoints of large networks have more. */
const LARGEST_READ = 2 ** 30;

/** The bytes of a file of a model. Throws `input.missing` and `input.unreadable` in a sentence. */
export async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const bytes = new Uint8Array((await file.stat()).size);
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, at, Math.min(LARGEST_READ, bytes.length - at), at);
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw inputError("missing", `The model's file ${path} does not exist.`, "Copy the whole model folder.");
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
