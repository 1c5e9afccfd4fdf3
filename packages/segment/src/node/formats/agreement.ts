/** Whether a description and what lies beside it belong together. */
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

/** Throws `input.model` unless each label is a class of the network. */
export function checkLabels(description: ModelFile, classes: number): void {
  if (classes < 2 || description.labels.some(({ id }) => id >= classes)) {
    throw inputError(
      "model",
      `The network of "${description.name}" has ${classes} classes, which does not fit the labels of its viscera-model.json.`,
      "Class 0 is background; every label's id is the number of its class.",
    );
  }
}
