import { inputError, type ModelFile } from "@viscera/core";

/** Throws `input.checksum` unless the weights on disk are those that the description was written for. */
export function checkSum({ name, sha256: expected }: ModelFile, actual: string): void {
  if (actual !== expected) {
    throw inputError(
      "checksum",
      `The weights of the model "${name}" are not the ones its viscera-model.json describes (SHA-256 ${actual.slice(0, 12)}… instead of ${expected.slice(0, 12)}…).`,
      "Copy or download the model again.",
    );
  }
}
