/**
 * Training data as people have it:
 * - a raw data set of nnU-Net (v2, and v1's "modality"): dataset.json, imagesTr/case_0000.nii.gz, labelsTr/case.nii.gz;
 * - a dataset.json of MONAI and the Medical Segmentation Decathlon: "training": [{ "image", "label" }];
 * - the same with our optional keys, which leaves the images where they are (see the package's README);
 * - a folder with images/ and labels/ (or imagesTr/, labelsTr/) of equally named files and no description.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { inputError, type JobOptions, throwIfCancelled } from "@viscera/core";
import { readingError } from "@viscera/scan/node";
import { type SynthesisTable, synthesisTableSchema } from "../../../synthesis/index.js";
import type { TrainingCase, TrainingDataset } from "../../../training/data/index.js";
import { type Entry, expandEntries, listedEntries, nnunetEntries, plainEntries } from "./case-entries.js";
import {
  datasetError,
  isObject,
  type Json,
  type JsonObject,
  modalitiesOf,
  readChannels,
  readLabelTable,
  shortList,
} from "./description.js";
import { readLabelImage, valuesOf } from "./label-image.js";

export interface ReadDatasetOptions extends JobOptions {
  /** Fewest cases that will do; 2, so that one can be held back. */
  leastCases?: number;
}

/**
 * Reads what a data set holds; of the label images only those are opened of which it has to be known what is in
 * them ("partial", or no description). Throws `input.dataset`, `input.not-found`, `input.json`.
 */
export async function readDataset(path: string, options: ReadDatasetOptions = {}): Promise<TrainingDataset> {
  const { file, folder } = await locate(path);
  const dataset =
    file === null ? await readPlainFolder(folder, options) : await readDescribed(file, folder, options);
  const least = options.leastCases ?? 2;
  if (dataset.cases.length < least) {
    throw datasetError(
      file ?? folder,
      `${dataset.cases.length} labelled ${dataset.cases.length === 1 ? "case is" : "cases are"} too few.`,
      `Give at least ${least}.`,
    );
  }
  checkDuplicates(dataset, file ?? folder);
  await checkFiles(dataset);
  return dataset;
}

async function locate(path: string): Promise<{ file: string | null; folder: string }> {
  const info = await stat(path).catch((error) => {
    throw readingError(error, path);
  });
  const full = resolve(path);
  if (!info.isDirectory()) return { file: full, folder: dirname(full) };
  const file = join(full, "dataset.json");
  return { file: (await stat(file).catch(() => null)) ? file : null, folder: full };
}

async function readDescribed(file: string, folder: string, options: JobOptions): Promise<TrainingDataset> {
  const json = await readJson(file);
  const channels = readChannels(json, file);
  const tables = new Map<string, SynthesisTable>();
  const synthesis = await readSynthesis(json["synthesis"], folder, file, tables);
  const table = readLabelTable(json, file);
  const entries = Array.isArray(json["training"])
    ? await expandEntries(listedEntries(json["training"], file), folder, file)
    : await nnunetEntries(json, folder, channels.length, file);
  const own: (SynthesisTable | null)[] = [];
  for (const entry of entries) own.push(await readSynthesis(entry.synthesis, folder, file, tables));
  const dataset: TrainingDataset = {
    name: text(json["name"]) ?? basename(folder),
    folder,
    modality: modalitiesOf(channels),
    channels,
    ...table,
    cases: entries.map((entry, i) => ({
      id: entry.id,
      images: entry.images.map((image) => resolve(folder, image)),
      labels: resolve(folder, entry.labels),
      known: knownClasses(entry, table.labels, file),
      synthesis: entry.images.length > 0 ? null : (own[i] ?? synthesis),
    })),
    licence: text(json["licence"]) ?? text(json["license"]),
    synthesis,
  };
  const wrong = dataset.cases.find(({ images }) => images.length > 0 && images.length !== channels.length);
  if (wrong) {
    throw datasetError(
      file,
      `the case ${wrong.id} has ${wrong.images.length} images, but there are ${channels.length} channels (${channels.join(", ")}).`,
      "List one image a channel, in the channels' order.",
    );
  }
  const bare = dataset.cases.find(({ images, synthesis }) => images.length === 0 && synthesis === null);
  if (bare) {
    throw datasetError(
      file,
      `the case ${bare.id} has no image, and no "synthesis" says how to make one of its labels.`,
      'Add "image" to it, or a "synthesis" table to the data set.',
    );
  }
  return json["partial"] === true ? withKnownClasses(dataset, options) : dataset;
}

async function readJson(file: string): Promise<JsonObject> {
  const content = await readFile(file, "utf8").catch((error) => {
    throw readingError(error, file);
  });
  let json: Json;
  try {
    json = JSON.parse(content.replace(/^\uFEFF/, "")) as Json;
  } catch (error) {
    throw inputError(
      "json",
      `${file} is not valid JSON: ${(error as Error).message}.`,
      "Name a dataset.json or the folder that holds one.",
    );
  }
  if (isObject(json)) return json;
  throw datasetError(file, "it holds no table.", "Name a dataset.json or the folder that holds one.");
}

/** A table of tissues: the table itself, or the path of a JSON file that holds it (read once, kept in `tables`). */
async function readSynthesis(
  value: Json | undefined,
  folder: string,
  where: string,
  tables: Map<string, SynthesisTable>,
): Promise<SynthesisTable | null> {
  if (value === undefined || value === null) return null;
  const path = typeof value === "string" ? resolve(folder, value) : null;
  const kept = path !== null && tables.get(path);
  if (kept) return kept;
  const parsed = synthesisTableSchema.safeParse(path === null ? value : await readJson(path));
  if (parsed.success) {
    if (path !== null) tables.set(path, parsed.data);
    return parsed.data;
  }
  const issue = parsed.error.issues[0]!;
  throw datasetError(
    path ?? where,
    `"synthesis" is no table of tissues: ${issue.path.join(".") || "the table"}: ${issue.message}.`,
    "List the tissues with their label values and the class each becomes.",
  );
}

const text = (value: Json | undefined) => (typeof value === "string" && value.trim() ? value.trim() : null);

/** Classes of an entry's "known", which are values or names of labels. */
function knownClasses(entry: Entry, labels: TrainingDataset["labels"], where: string): number[] | null {
  if (entry.known === null) return null;
  const classes = entry.known.map((item) => {
    const label = labels.find(({ name, values }) =>
      typeof item === "string" ? name === item : values.includes(item),
    );
    if (label) return label.id;
    throw datasetError(
      where,
      `"known" of the case ${entry.id} names ${item}, which is no label.`,
      `The labels are ${shortList(labels.map(({ name, values }) => `${values.join("+")} (${name})`))}.`,
    );
  });
  return [...new Set(classes)].sort((a, b) => a - b);
}

/** A class that does not occur in a case is unknown there, not absent. */
async function withKnownClasses(dataset: TrainingDataset, options: JobOptions): Promise<TrainingDataset> {
  const cases: TrainingCase[] = [];
  for (const [index, entry] of dataset.cases.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "Looking into labels", done: index, total: dataset.cases.length });
    if (entry.known !== null || entry.synthesis !== null) {
      cases.push(entry);
      continue;
    }
    const present = new Set(valuesOf((await readLabelImage(entry.labels, options)).data));
    const known = dataset.labels.filter(({ values }) => values.some((value) => present.has(value)));
    cases.push({ ...entry, known: known.map(({ id }) => id) });
  }
  return { ...dataset, cases };
}

async function readPlainFolder(folder: string, options: JobOptions): Promise<TrainingDataset> {
  const entries = await plainEntries(folder);
  const values = new Set<number>();
  for (const [index, { labels }] of entries.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "Looking into labels", done: index, total: entries.length });
    for (const value of valuesOf((await readLabelImage(labels, options)).data)) values.add(value);
  }
  values.delete(0);
  const table = Object.fromEntries([...values].map((value) => [value, `label_${value}`]));
  return {
    name: basename(folder),
    folder,
    modality: [],
    channels: ["image"],
    ...readLabelTable({ labels: table }, folder),
    cases: entries.map(({ id, images, labels }) => ({ id, images, labels, known: null, synthesis: null })),
    licence: null,
    synthesis: null,
  };
}

function checkDuplicates({ cases }: TrainingDataset, where: string): void {
  const files = new Map<string, string>();
  for (const { id, images, labels } of cases) {
    for (const path of [...images, labels]) {
      const other = files.get(path);
      if (other !== undefined) {
        throw datasetError(
          where,
          `${path} is used twice, in ${other === id ? `the case ${id}` : `the cases ${other} and ${id}`}.`,
          "List every case once, so that no case is trained on and validated with.",
        );
      }
      files.set(path, id);
    }
  }
  const ids = new Set<string>();
  for (const { id } of cases) {
    if (ids.has(id)) {
      throw datasetError(where, `two cases are called ${id}.`, 'Give each an "id" of its own.');
    }
    ids.add(id);
  }
}

async function checkFiles({ cases }: TrainingDataset): Promise<void> {
  for (const { id, images, labels } of cases) {
    for (const path of [...images, labels]) {
      const info = await stat(path).catch(() => null);
      if (info) continue;
      const folder = dirname(path);
      const names = await readdir(folder).catch(() => null);
      throw inputError(
        "not-found",
        `The case ${id} needs ${path}, which does not exist.`,
        names === null
          ? `There is no folder ${folder}; paths are relative to the dataset.json.`
          : "Add the file, or take the case out of the data set.",
      );
    }
  }
}
