import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { usageError } from "@viscera/core";
import { IMAGE_FILE, readingError } from "@viscera/scan/node";

/** A case's two files; null where there is no prediction of its name. */
export interface FilePair {
  name: string;
  truth: string;
  prediction: string | null;
}

/**
 * Pairs of a folder of truths and a folder of predictions by the names before their endings, in the order of the names;
 * two files are one pair. `extra` are predictions that no truth has the name of. Throws `usage`, `input.*`.
 */
export async function pairFiles(
  truth: string,
  prediction: string,
): Promise<{ pairs: FilePair[]; extra: string[] }> {
  const [truthIsFolder, predictionIsFolder] = [await isFolder(truth), await isFolder(prediction)];
  if (truthIsFolder !== predictionIsFolder)
    throw usageError(
      `--truth names a ${kind(truthIsFolder)} and --prediction a ${kind(predictionIsFolder)}.`,
      "Give two folders, or two files.",
    );
  if (!truthIsFolder) return { pairs: [{ name: stemOf(truth), truth, prediction }], extra: [] };
  const truths = await imagesIn(truth);
  const predictions = await imagesIn(prediction);
  if (truths.size === 0)
    throw usageError(
      `The folder "${truth}" holds no label images.`,
      "Check --truth: it names the labels, not the scans.",
    );
  const pairs = [...truths].map(([name, path]) => ({
    name,
    truth: path,
    prediction: predictions.get(name) ?? null,
  }));
  if (pairs.every((pair) => pair.prediction === null)) {
    const example = [...predictions.keys()][0];
    throw usageError(
      `No file in "${prediction}" has the name of one in "${truth}".`,
      example === undefined
        ? "The folder of predictions holds no images."
        : `There is ${example} among the predictions and ${pairs[0]!.name} among the truths; give equal names.`,
    );
  }
  return { pairs, extra: [...predictions.keys()].filter((name) => !truths.has(name)) };
}

const kind = (folder: boolean) => (folder ? "folder" : "file");

async function isFolder(path: string): Promise<boolean> {
  const info = await stat(path).catch((error) => {
    throw readingError(error, path);
  });
  return info.isDirectory();
}

const stemOf = (path: string) => basename(path).replace(IMAGE_FILE, "");

async function imagesIn(folder: string): Promise<Map<string, string>> {
  const images = new Map<string, string>();
  const names = (await readdir(folder)).filter((name) => IMAGE_FILE.test(name) && !name.startsWith("."));
  for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
    const stem = stemOf(name);
    if (images.has(stem))
      throw usageError(
        `"${folder}" holds two files of the case ${stem}: ${basename(images.get(stem)!)} and ${name}.`,
        "Keep one of them.",
      );
    images.set(stem, join(folder, name));
  }
  return images;
}
