/** A trained network as a model folder that `openModel` opens. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ModelFile } from "@viscera/core";
import { type Weights, writeSafetensors } from "@viscera/nets";
import { writeWhole } from "@viscera/scan/node";
import { licenceText } from "../../../training/loop/index.js";
import { readModelFile, sha256 } from "../../files.js";
import { MODEL_FILE_NAME } from "../../open-model.js";

export const WEIGHTS_FILE_NAME = "weights.safetensors";
export const CARD_FILE_NAME = "CARD.md";

/** What a description says besides its weights' file. */
export type ModelDescription = Omit<ModelFile, "schema" | "weights" | "folds" | "card" | "sha256">;

const encode = (text: string) => new TextEncoder().encode(text);

/**
 * Writes the weights of one network, or of the members of an ensemble, and their description; the description
 * last, so that a folder with one is complete.
 */
export async function writeModelFolder(
  folder: string,
  description: ModelDescription,
  members: readonly Weights[],
  { float16 = false }: { float16?: boolean } = {},
): Promise<ModelFile> {
  return writeFolder(
    folder,
    description,
    members.map((weights) => writeSafetensors(weights, { float16 })),
  );
}

/** An ensemble of the models in other folders, which were trained alike. */
export async function writeEnsemble(
  folder: string,
  description: ModelDescription,
  members: readonly string[],
): Promise<ModelFile> {
  const files = await Promise.all(members.map((member) => readModelFile(join(member, WEIGHTS_FILE_NAME))));
  return writeFolder(folder, description, files);
}

async function writeFolder(
  folder: string,
  description: ModelDescription,
  files: readonly Uint8Array[],
): Promise<ModelFile> {
  await mkdir(folder, { recursive: true });
  const names = files.map((_, i) => (i === 0 ? WEIGHTS_FILE_NAME : `weights-${i}.safetensors`));
  const file: ModelFile = {
    schema: 1,
    ...description,
    weights: names[0]!,
    ...(names.length > 1 ? { folds: names.slice(1) } : {}),
    card: CARD_FILE_NAME,
    sha256: sha256(...files),
  };
  for (const [i, name] of names.entries()) await writeWhole(join(folder, name), files[i]!);
  await writeWhole(join(folder, "LICENSE"), encode(licenceText(description.name, description.licence)));
  await writeWhole(join(folder, MODEL_FILE_NAME), encode(`${JSON.stringify(file, null, 2)}\n`));
  return file;
}

export async function writeCard(folder: string, text: string): Promise<void> {
  await writeWhole(join(folder, CARD_FILE_NAME), encode(text));
}
