/** brainchop's models: TensorFlow.js layers folders with a colormap.json, and the recipe they are run by. */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { inputError, type ModelFile } from "@viscera/core";
import { readTfjsLayersModel, type TranslatedModel, tfjsToOnnx } from "@viscera/nets";
import { labelsFromColormap } from "../label-names.js";
import { parseModelJson, readModelFile, sha256 } from "./files.js";
import { licenceOf } from "./licence.js";

/** brainchop's recipe asks for at least this halo; models of smaller reach do not mind a larger one. */
const SMALLEST_HALO = 46;

export interface TfjsFolder {
  translated: TranslatedModel;
  description: ModelFile;
}

/**
 * Reads and translates the layers model in a folder. Without a viscera-model.json beside it the recipe is
 * brainchop's: T1 MR conformed to 256^3 voxels of 1 mm in LIA, minimum and maximum to 0 and 1, zero padding,
 * whole volume or windows with a halo, no post-processing. Throws `input.tfjs`, `input.missing`.
 */
export async function readTfjsFolder(folder: string, file = "model.json"): Promise<TfjsFolder> {
  const path = join(folder, file);
  const shards: Uint8Array[] = [];
  const source = await readTfjsLayersModel(
    parseModelJson(await readModelFile(path), path),
    async (name) => {
      if (basename(name) !== name) {
        throw inputError("tfjs", `${path} names a weights file outside its folder: ${name}.`);
      }
      const bytes = await readModelFile(join(folder, name));
      shards.push(bytes);
      return bytes;
    },
    path,
  );
  // The tensors' axes are i, j, k; reversing them in the kernels lets volumes be fed as they are stored.
  const translated = tfjsToOnnx(source, { spatialAxes: "reversed", head: "labels" });
  return { translated, description: await brainchopDescription(folder, translated, sha256(...shards)) };
}

async function brainchopDescription(
  folder: string,
  { receptiveRadius, classes }: TranslatedModel,
  hash: string,
): Promise<ModelFile> {
  const name = basename(folder).replace(/[^a-z0-9_.-]+/gi, "_");
  return {
    schema: 1,
    name: /^[a-z0-9]/i.test(name) ? name : `model_${name}`,
    version: hash.slice(0, 8),
    architecture: { kind: "tfjs-layers", options: {} },
    weights: "model.json",
    input: {
      modality: ["MR"],
      orientation: "LIA",
      spacingMm: [1, 1, 1],
      patch: null,
      normalisation: { kind: "minmax" },
      conform: { size: [256, 256, 256] },
      overlap: 0,
      haloVoxels: receptiveRadius === null ? null : Math.max(SMALLEST_HALO, receptiveRadius),
      mirrorAxes: [],
    },
    labels: await colormapLabels(folder, classes),
    ...(await licenceOf(folder)),
    card: null,
    sha256: hash,
  };
}

/**
 * Names from the folder's colour maps (brainchop keeps several where one network serves two purposes): the one
 * with as many entries as the network has classes, none where there is no such one.
 */
async function colormapLabels(folder: string, classes: number): Promise<ModelFile["labels"]> {
  const files = (await readdir(folder)).filter((name) => /^colormap\w*\.json$/.test(name)).sort();
  for (const name of files) {
    const path = join(folder, name);
    const labels = labelsFromColormap(parseModelJson(await readModelFile(path), path), path);
    if (labels.length === classes - 1) return labels;
  }
  return [];
}
