/** The model store: one folder a model, beside the ones that ship with the program. */
import { cp, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { inputError, type ModelFile, usageError } from "@viscera/core";
import { checkModelName, locateModel } from "./open-model.js";
import { findStoredModel, foldersIn, modelStorePath, SHIPPED_MODELS } from "./stored-folders.js";

export interface StoredModel {
  /** The name to give to `openModel`. */
  name: string;
  folder: string;
  /** Came with the program: cannot be removed. */
  shipped: boolean;
  /** null where the folder holds something that cannot be read; `problem` says why. */
  description: ModelFile | null;
  problem: string | null;
}

/** Every model of the store, then the shipped ones that none of the store's hides. */
export async function listModels(): Promise<StoredModel[]> {
  const models: StoredModel[] = [];
  for (const [root, shipped] of [
    [modelStorePath(), false],
    [SHIPPED_MODELS, true],
  ] as const) {
    for (const folder of await foldersIn(root)) {
      const name = basename(folder);
      if (models.some((model) => model.name === name)) continue;
      try {
        models.push({ name, folder, shipped, description: await describe(folder), problem: null });
      } catch (error) {
        models.push({ name, folder, shipped, description: null, problem: (error as Error).message });
      }
    }
  }
  return models;
}

async function describe(folder: string): Promise<ModelFile> {
  const { format, ...place } = await locateModel(folder);
  return format.describe(place);
}

/**
 * Copies a model (anything `openModel` takes by path) into the store under its own name, or under `name`.
 * Throws `input.model` when there is none at the path or the name is taken.
 */
export async function addModel(path: string, { name }: { name?: string } = {}): Promise<StoredModel> {
  const { format, ...place } = await locateModel(path);
  const description = await format.describe(place);
  const storedName = name ?? description.name;
  checkModelName(storedName);
  const folder = join(modelStorePath(), storedName);
  if (await stat(folder).catch(() => null)) {
    throw inputError(
      "model",
      `A model "${storedName}" is in the store already.`,
      "Remove it first, or give another name.",
    );
  }
  // Copied beside and renamed: an interrupted copy leaves no half model.
  const beside = join(modelStorePath(), `.${storedName}.${process.pid}`);
  try {
    await mkdir(beside, { recursive: true });
    for (const { from, to } of await format.parts(place)) {
      await mkdir(dirname(join(beside, to)), { recursive: true });
      await cp(from, join(beside, to));
    }
    await rename(beside, folder);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
  return { name: storedName, folder, shipped: false, description, problem: null };
}

/** Deletes a model that was added. Throws `usage` for a shipped one, `input.model` for none. */
export async function removeModel(name: string): Promise<void> {
  checkModelName(name);
  const folder = join(modelStorePath(), name);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) {
    await rm(folder, { recursive: true });
    return;
  }
  if (await findStoredModel(name)) throw usageError(`The model "${name}" came with the program and stays.`);
  throw inputError("model", `There is no model "${name}" in the store.`, "`viscera models` lists them.");
}
