/** From a path or a name to a model that is ready to segment. */
import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { inputError, usageError } from "@viscera/core";
import type { LoadedModel } from "../model.js";
import type { LearntNetwork, ModelFormat, ModelPlace, OpenOptions } from "./formats/format.js";
import { MODEL_FORMATS } from "./formats/index.js";
import { unknownFile } from "./formats/unknown-file.js";
import { findStoredModel } from "./stored-folders.js";
import { checkRecord, readRecord } from "./stored-record.js";

export { MODEL_FILE_NAME, readDescription } from "./formats/described.js";

/** What a path or name given as a model turned out to be. */
export interface ModelLocation extends ModelPlace {
  format: ModelFormat;
}

const HINT = `Give ${MODEL_FORMATS.map(({ example }) => example).join(", ")}, or a name from \`viscera models\`.`;

/**
 * Finds what `pathOrName` means: a path where one exists, else a stored model's name; either may be followed
 * by a colon and the task wanted of a model that has several ("weights:fast"). Throws `input.model`.
 */
export async function locateModel(pathOrName: string): Promise<ModelLocation> {
  const found = await pathOf(pathOrName);
  if (found) return recognised(found, null);
  const colon = pathOrName.lastIndexOf(":");
  if (colon > 0) {
    const path = await pathOf(pathOrName.slice(0, colon));
    if (path) return recognised(path, pathOrName.slice(colon + 1));
  }
  throw inputError("model", `There is no model "${pathOrName}", neither as a path nor in the store.`, HINT);
}

async function pathOf(pathOrName: string): Promise<{ folder: string; file: string | null } | null> {
  const found = await stat(pathOrName).catch(() => null);
  const path = resolve(pathOrName);
  if (found)
    return found.isDirectory()
      ? { folder: path, file: null }
      : { folder: dirname(path), file: basename(path) };
  const stored = await findStoredModel(pathOrName);
  return stored ? { folder: stored, file: null } : null;
}

async function recognised(
  { folder, file }: { folder: string; file: string | null },
  task: string | null,
): Promise<ModelLocation> {
  for (const format of MODEL_FORMATS) {
    const place = await format.recognise(folder, file);
    if (!place) continue;
    if (task !== null && !format.hasTasks) {
      throw inputError(
        "model",
        `The model in ${folder} has no tasks to choose from.`,
        `Leave out ":${task}".`,
      );
    }
    return { ...place, format, task };
  }
  if (file !== null) throw unknownFile(file, HINT);
  throw inputError("model", `The folder ${folder} holds no model.`, HINT);
}

/**
 * Opens a model by its path or stored name; `MODEL_FORMATS` lists the kinds. The weights' SHA-256 is checked.
 * Throws `input.model`, `input.missing`, `input.checksum`, `input.schema`, `input.architecture`,
 * `input.weights`, and what the format's readers throw.
 */
export async function openModel(pathOrName: string, options: OpenOptions = {}): Promise<LoadedModel> {
  const { format, ...place } = await locateModel(pathOrName);
  const model = await format.open(place, options);
  // The record is of the whole folder; one task or some folds of it are other weights.
  if (place.task === null && !options.folds) {
    try {
      checkRecord(await readRecord(place.folder), model.description);
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }
  return model;
}

/**
 * A model's network and weights, to go on training from. Throws `input.base` where the model has none that can be
 * trained, and what `openModel` throws.
 */
export async function readLearntNetwork(pathOrName: string): Promise<LearntNetwork> {
  const { format, ...place } = await locateModel(pathOrName);
  if (format.learnt) return format.learnt(place);
  throw inputError(
    "base",
    `"${pathOrName}" is ${format.example.replace(/ \(.*/, "")}, whose network cannot be trained further.`,
    "Give a model that was trained here, an nnU-Net folder or a MONAI bundle.",
  );
}

/** Throws `usage` unless the text can be a model's name in the store. */
export function checkModelName(name: string): void {
  if (!/^[a-z0-9][a-z0-9_.-]*$/i.test(name)) {
    throw usageError(
      `"${name}" cannot be a model's name.`,
      "Use letters, digits, _, - and . only, beginning with a letter or digit.",
    );
  }
}
