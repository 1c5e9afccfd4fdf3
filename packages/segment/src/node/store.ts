/** The model store: one folder a model, beside the ones that ship with the program. */
import { randomBytes } from "node:crypto";
import { cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { inputError, type JobOptions, type ModelFile, throwIfCancelled, usageError } from "@viscera/core";
import { sha256File } from "@viscera/scan/node";
import { download, downloadName } from "./download.js";
import { isSmallText } from "./formats/small-text.js";
import { unknownFile } from "./formats/unknown-file.js";
import { checkModelName, locateModel } from "./open-model.js";
import { findStoredModel, foldersIn, modelStorePath, SHIPPED_MODELS } from "./stored-folders.js";
import { readRecord, type StoredRecord, writeRecord } from "./stored-record.js";
import { isZip, unpackZip } from "./unpack.js";

/** How deep in an archive a model may lie, each folder the only one in the one above. */
const DEEPEST_MODEL = 6;

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
  const record = await readRecord(folder);
  // Reading the weights of every model again would take long; opening one does, and compares.
  if (record) return record.description;
  const { format, ...place } = await locateModel(folder);
  return format.describe(place);
}

export interface AddOptions extends JobOptions {
  /** Name in the store; default the model's own. */
  name?: string;
  /** Of the file or archive given or downloaded, lower-case hexadecimal: anything else is refused. */
  sha256?: string;
}

/**
 * Stores a model: anything `openModel` takes by path, a zip archive of it, or the web address of such an archive.
 * The model is opened once, so that what is stored is whole. Throws `input.model` when there is none or the name
 * is taken, `input.checksum`, `input.download`, `input.archive`, and what opening throws.
 */
export async function addModel(source: string, options: AddOptions = {}): Promise<StoredModel> {
  const store = modelStorePath();
  const workplace = join(store, `.adding-${process.pid}-${randomBytes(4).toString("hex")}`);
  await mkdir(workplace, { recursive: true });
  try {
    const path = await fetched(source, options);
    const unpacked = (await isZip(path).catch(() => false))
      ? await unpackedModel(path, join(workplace, stemOf(source)), options)
      : null;
    const added = await addFolder(unpacked ?? path, source, workplace, options);
    if (path !== source) await rm(path);
    return added;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

/** Where the source lies on this machine; a download is kept until the model is stored. */
async function fetched(source: string, options: AddOptions): Promise<string> {
  const isAddress = /^[a-z][a-z0-9+.-]+:\/\//i.test(source);
  let path = source;
  if (isAddress) {
    const { pathname } = new URL(source);
    const name = basename(pathname);
    if (/\.(pth|pt|ckpt|ts|onnx|safetensors)$/i.test(name))
      throw unknownFile(name, "Give the address of a zip archive.");
    path = join(modelStorePath(), ".downloads", downloadName(source));
    if (!(await stat(path).catch(() => null))) await download(source, path, options);
  }
  const { sha256: expected } = options;
  if (expected === undefined) return path;
  if (!/^[0-9a-f]{64}$/i.test(expected)) {
    throw usageError(`"${expected}" is no SHA-256.`, "It has 64 digits from 0 to f.");
  }
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) {
    throw usageError("A folder has no SHA-256.", "Leave --sha256 out, or give the archive.");
  }
  const actual = found ? await sha256File(path) : "";
  if (found && actual !== expected.toLowerCase()) {
    // What was downloaded is of no use: another try has to start anew.
    if (isAddress) await rm(path);
    throw inputError(
      "checksum",
      `${source} has the SHA-256 ${actual}, not the one asked for.`,
      "Check the address and the checksum; do not use the file.",
    );
  }
  return path;
}

/** Name of an archive without its ending: bundles are called by their folder. */
function stemOf(source: string): string {
  const name = basename(/^https?:/i.test(source) ? new URL(source).pathname : source).replace(/\.zip$/i, "");
  return /^[\w][\w.-]*$/.test(name) ? name : "archive";
}

/** The folder of the model in an archive: its top, or the only folder in it. */
async function unpackedModel(path: string, into: string, options: AddOptions): Promise<string> {
  let folder = into;
  await unpackZip(path, folder, options);
  for (let depth = 0; depth < DEEPEST_MODEL; depth++) {
    if (await locateModel(folder).catch(() => null)) return folder;
    const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !isSmallText(name));
    if (entries.length !== 1 || !entries[0]!.isDirectory()) break;
    folder = join(folder, entries[0]!.name);
  }
  // Says of the last folder what it lacks.
  await locateModel(folder);
  return folder;
}

async function addFolder(
  path: string,
  source: string,
  workplace: string,
  options: AddOptions,
): Promise<StoredModel> {
  const { format, ...place } = await locateModel(path);
  const description = await format.describe(place);
  const name = options.name ?? description.name;
  checkModelName(name);
  const folder = join(modelStorePath(), name);
  if (await stat(folder).catch(() => null)) {
    throw inputError(
      "model",
      `A model "${name}" is in the store already.`,
      "Remove it first, or give another name.",
    );
  }
  // Of several networks in a folder each is looked at when it is used.
  if (!format.hasTasks) await (await format.open(place, {})).dispose();
  // Copied beside and renamed: an interrupted copy leaves no half model.
  const beside = join(workplace, "model");
  const files: StoredRecord["files"] = [];
  const parts = await format.parts(place);
  for (const [i, { from, to }] of parts.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "store", done: i, total: parts.length });
    const target = join(beside, to);
    await mkdir(dirname(target), { recursive: true });
    await cp(from, target, { dereference: true });
    files.push({ path: to, bytes: (await stat(target)).size, sha256: await sha256File(target) });
  }
  await writeRecord(beside, { schema: 1, source, added: new Date().toISOString(), description, files });
  await rename(beside, folder);
  return { name, folder, shipped: false, description, problem: null };
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
