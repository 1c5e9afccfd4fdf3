/** brainchop's models: TensorFlow.js layers folders with a colormap.json, and the recipe they are run by. */
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
  { receptiveRadius }: TranslatedModel,
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
    labels: await colormapLabels(folder),
    ...(await licenceOf(folder)),
    card: null,
    sha256: hash,
  };
}

async function colormapLabels(folder: string): Promise<ModelFile["labels"]> {
  const path = join(folder, "colormap.json");
  let bytes: Uint8Array;
  try {
    bytes = await readModelFile(path);
  } catch {
    return [];
  }
  return labelsFromColormap(parseModelJson(bytes, path), path);
}
