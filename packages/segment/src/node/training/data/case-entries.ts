/** Which files form the cases of a data set. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { usageError } from "@viscera/core";
import { IMAGE_FILE, readingError } from "@viscera/scan/node";
import { datasetError, isObject, type Json, type JsonObject, shortList } from "./description.js";

/** A case as it is listed; paths relative to the data set's folder or absolute. */
export interface Entry {
  id: string;
  images: string[];
  labels: string;
  /** Values or names of labels. */
  known: (number | string)[] | null;
  /** A table of tissues or the path of one, not looked at yet. */
  synthesis: Json;
}

const isVisible = (name: string) => !name.startsWith(".");

/** File-safe: it names the files of the prepared case. */
function caseId(path: string): string {
  return path
    .replace(IMAGE_FILE, "")
    .replace(/[^\p{L}\p{N}.-]+/gu, "_")
    .replace(/^[_.]+|[_.-]+$/g, "");
}

/** The entries of "training". Those without "id" are called by their label file, with its folders where needed. */
export function listedEntries(training: Json[], where: string): Entry[] {
  const entries = training.map((item, index) => {
    if (!isObject(item)) {
      throw datasetError(
        where,
        `entry ${index + 1} of "training" is no table.`,
        'Write {"image": "...", "label": "..."}.',
      );
    }
    const { image, label, id, known } = item;
    const images = image === undefined || image === null ? [] : Array.isArray(image) ? image : [image];
    if (typeof label !== "string" || !images.every((path) => typeof path === "string")) {
      throw datasetError(
        where,
        `entry ${index + 1} of "training" does not name an image and a label file.`,
        'Write {"image": "...", "label": "..."}; a list of images where there are several channels.',
      );
    }
    const isKnown = (value: Json) => typeof value === "string" || Number.isInteger(value);
    if (known !== undefined && known !== null && !(Array.isArray(known) && known.every(isKnown))) {
      throw datasetError(
        where,
        `"known" of entry ${index + 1} is no list of labels.`,
        'Write "known": [1, 2] or ["liver"].',
      );
    }
    return {
      id: typeof id === "string" && id.trim() ? caseId(id) : "",
      images: images as string[],
      labels: label,
      known: (known ?? null) as (number | string)[] | null,
      synthesis: item["synthesis"] ?? null,
    };
  });
  const names = entries.map(({ labels }) => caseId(basename(labels)));
  const unique = new Set(names).size === new Set(entries.map(({ labels }) => labels)).size;
  return entries.map((entry, i) => ({
    ...entry,
    id: entry.id || (unique ? names[i]! : caseId(entry.labels)),
  }));
}

/**
 * Entries whose label file's name has a `*` stand for every file that fits; the `*` of the images' paths takes
 * what was found. `{"image": "ct/pt_*_ct.nii.gz", "label": "oar/pt_*_oar.nii.gz"}` gives the cases pt_1, pt_2, ...
 */
export async function expandEntries(entries: Entry[], folder: string, where: string): Promise<Entry[]> {
  const all: Entry[] = [];
  for (const entry of entries) {
    const paths = [entry.labels, ...entry.images];
    if (paths.every((path) => !path.includes("*"))) {
      all.push(entry);
      continue;
    }
    const pattern = basename(entry.labels).split("*");
    if (pattern.length !== 2 || paths.some((path) => path.split("*").length !== 2)) {
      throw datasetError(
        where,
        `${shortList(paths)} cannot be matched.`,
        "Put one * into the name of the label file, and one into each image's path.",
      );
    }
    const [before, after] = pattern as [string, string];
    const parent = resolve(folder, dirname(entry.labels));
    const found = (await listFolder(parent))
      .filter((name) => isVisible(name) && name.startsWith(before) && name.endsWith(after))
      .filter((name) => name.length > before.length + after.length)
      .map((name) => name.slice(before.length, name.length - after.length));
    if (found.length === 0) {
      throw datasetError(where, `no file fits ${entry.labels}.`, `Check the names in ${parent}.`);
    }
    for (const part of found) {
      all.push({
        ...entry,
        id: caseId(before + part),
        images: entry.images.map((path) => path.replace("*", () => part)),
        labels: entry.labels.replace("*", () => part),
      });
    }
  }
  return all;
}

/** Cases of an nnU-Net raw data set, by its folders or by the "dataset" table of its dataset.json. */
export async function nnunetEntries(
  json: JsonObject,
  folder: string,
  channels: number,
  where: string,
): Promise<Entry[]> {
  const listed = json["dataset"];
  if (isObject(listed)) {
    const training = Object.entries(listed).map(([id, entry]) =>
      isObject(entry) ? { id, image: entry["images"] ?? null, label: entry["label"] ?? null } : entry,
    );
    return listedEntries(training as Json[], where);
  }
  const names = await readdir(join(folder, "labelsTr")).catch(() => null);
  if (names === null) {
    throw datasetError(
      where,
      'it has no list "training", and there is no folder labelsTr beside it.',
      'Add "training": [{"image": "...", "label": "..."}], or arrange the files as nnU-Net does.',
    );
  }
  const ending = typeof json["file_ending"] === "string" ? json["file_ending"] : ".nii.gz";
  const fits = (name: string) => isVisible(name) && name.endsWith(ending);
  const ids = names.filter(fits).map((name) => name.slice(0, -ending.length));
  const images = (await listFolder(join(folder, "imagesTr"))).filter(fits);
  const orphan = images.find((name) => !ids.includes(name.slice(0, -ending.length).replace(/_\d{4}$/, "")));
  if (orphan !== undefined) {
    throw datasetError(
      where,
      `imagesTr/${orphan} has no label image in labelsTr.`,
      `Add it as <case>${ending}, or take the image away.`,
    );
  }
  const claimed = json["numTraining"];
  if (typeof claimed === "number" && claimed !== ids.length) {
    throw datasetError(
      where,
      `"numTraining" is ${claimed}, but labelsTr holds ${ids.length} files ending in ${ending}.`,
      "Add the files that are missing, or mend the number.",
    );
  }
  return ids.sort().map((id) => ({
    id: caseId(id),
    images: Array.from({ length: channels }, (_, c) =>
      join("imagesTr", `${id}_${String(c).padStart(4, "0")}${ending}`),
    ),
    labels: join("labelsTr", id + ending),
    known: null,
    synthesis: null,
  }));
}

const FOLDER_PAIRS = [
  ["images", "labels"],
  ["imagesTr", "labelsTr"],
] as const;

/** Cases of two folders of equally named files; nnU-Net's channel number may follow an image's name. */
export async function plainEntries(folder: string): Promise<Entry[]> {
  for (const [imageFolder, labelFolder] of FOLDER_PAIRS) {
    const labels = await readdir(join(folder, labelFolder)).catch(() => null);
    const images = await readdir(join(folder, imageFolder)).catch(() => null);
    if (labels === null || images === null) continue;
    const byId = new Map(images.filter(isVisible).map((name) => [imageId(name), name]));
    return labels
      .filter((name) => isVisible(name) && IMAGE_FILE.test(name))
      .sort()
      .map((name) => {
        const image = byId.get(caseId(name)) ?? name;
        return {
          id: caseId(name),
          images: [join(folder, imageFolder, image)],
          labels: join(folder, labelFolder, name),
          known: null,
          synthesis: null,
        };
      });
  }
  throw usageError(
    `${folder} holds no training data: there is no dataset.json in it, nor the folders images and labels.`,
    'Write a dataset.json: {"labels": {"1": "liver"}, "modality": "CT", "training": [{"image": "scans/*.nii.gz", "label": "masks/*.nii.gz"}]}',
  );
}

const imageId = (name: string) => caseId(name).replace(/_0000$/, "");

async function listFolder(path: string): Promise<string[]> {
  return (
    await readdir(path).catch((error) => {
      throw readingError(error, path);
    })
  ).sort();
}
