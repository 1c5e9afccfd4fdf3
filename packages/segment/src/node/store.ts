/** The model store: one folder a model, beside the ones that ship with the program. */
import { cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { inputError, type ModelFile, usageError } from "@viscera/core";
import { checkModelName, locateModel, MODEL_FILE_NAME, readDescription } from "./open-model.js";
import { findStoredModel, foldersIn, modelStorePath, SHIPPED_MODELS } from "./stored-folders.js";
import { readTfjsFolder } from "./tfjs-model.js";

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
  const location = await locateModel(folder);
  return location.kind === "described"
    ? readDescription(folder)
    : (await readTfjsFolder(folder, location.file)).description;
}

/**
 * Copies a model (anything `openModel` takes by path) into the store under its own name, or under `name`.
 * Throws `input.model` when there is none at the path or the name is taken.
 */
export async function addModel(path: string, { name }: { name?: string } = {}): Promise<StoredModel> {
  const location = await locateModel(path);
  const description = await describe(location.folder);
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
    for (const file of await modelFiles(location.folder, location.kind === "tfjs" ? location.file : null)) {
      await cp(join(location.folder, file), join(beside, basename(file)), { recursive: true });
    }
    await rename(beside, folder);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    throw error;
  }
  return { name: storedName, folder, shipped: false, description, problem: null };
}

/** Files of the model in a folder; a licence that lies one folder up comes along. */
async function modelFiles(folder: string, tfjsFile: string | null): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const own = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  if (tfjsFile === null) {
    const { weights, card } = await readDescription(folder);
    const keep = new Set([MODEL_FILE_NAME, weights, card, ...own.filter(isSmallText)]);
    if (weights.endsWith(".json")) for (const file of own.filter(isTfjsPart)) keep.add(file);
    return own.filter((file) => keep.has(file));
  }
  const files = own.filter((file) => isTfjsPart(file) || isSmallText(file));
  if (files.some(isSmallText)) return files;
  const above = await readdir(dirname(folder)).catch(() => []);
  return [...files, ...above.filter(isSmallText).map((file) => join("..", file))];
}

const isTfjsPart = (file: string) => /\.(json|bin)$/i.test(file);
const isSmallText = (file: string) => /^(licen[cs]e|notice|card|readme)(\.\w+)?$/i.test(file);

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
