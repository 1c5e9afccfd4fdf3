/** Models of our own form: viscera-model.json beside the weights. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { inputError, type ModelFile, modelFileSchema, parseJson } from "@viscera/core";
import { readModelFile } from "../files.js";
import { openDescribedNetwork, readDescribedNetwork } from "./described-network.js";
import { openDescribedOnnx } from "./described-onnx.js";
import type { ModelFormat, ModelPlace } from "./format.js";
import { isSmallText } from "./small-text.js";
import { isTfjsPart, openTfjs } from "./tfjs.js";

export const MODEL_FILE_NAME = "viscera-model.json";

/** The checked viscera-model.json of a folder. */
export async function readDescription(folder: string): Promise<ModelFile> {
  const path = join(folder, MODEL_FILE_NAME);
  const description = parseJson(new TextDecoder().decode(await readModelFile(path)), modelFileSchema, path);
  const { outOfDistribution } = description;
  const files = [...weightFiles(description), ...(outOfDistribution ? [outOfDistribution.features] : [])];
  if (files.some((file) => basename(file) !== file)) {
    throw inputError(
      "model",
      `The viscera-model.json of "${description.name}" names weights outside its folder.`,
      "Put the weights beside it.",
    );
  }
  return description;
}

/** Names of a model's weight files. */
function weightFiles({ weights, folds = [] }: ModelFile): string[] {
  return [weights, ...folds];
}

export const describedFormat: ModelFormat = {
  kind: "described",
  example: "a folder with viscera-model.json",

  async recognise(folder, file) {
    const described = await stat(join(folder, MODEL_FILE_NAME)).catch(() => null);
    if (file === null || file === MODEL_FILE_NAME) return described?.isFile() ? { folder, file: null } : null;
    // A layers model has no other name than its JSON file, and may lie beside any description.
    if (file.endsWith(".json")) return null;
    if (described?.isFile()) {
      const { weights } = await readDescription(folder);
      if (weights === file) return { folder, file: null };
      throw inputError(
        "model",
        `The viscera-model.json beside ${file} describes ${weights}, not this file.`,
        "Put each model into a folder of its own.",
      );
    }
    if (/\.(onnx|safetensors)$/.test(file)) {
      throw inputError(
        "model",
        `${file} has no viscera-model.json beside it, so nothing says how to prepare a scan for it.`,
        "Write one with the grid, the intensities and the labels it was trained with; packages/segment/README.md shows the fields.",
      );
    }
    return null;
  },

  describe: ({ folder }) => readDescription(folder),

  async open({ folder }, options) {
    const description = await readDescription(folder);
    const { architecture, weights, name } = description;
    if (architecture.kind === "tfjs-layers") return openTfjs(folder, weights, description, options);
    if (architecture.kind === "onnx" && weights.endsWith(".onnx")) {
      return openDescribedOnnx(folder, description, options);
    }
    if (weights.endsWith(".safetensors")) {
      return openDescribedNetwork(folder, description, weightFiles(description), options);
    }
    throw inputError(
      "architecture",
      `The model "${name}" is a ${architecture.kind} with the weights ${weights}, which do not go together.`,
      'An architecture\'s weights are a .safetensors file; an .onnx file has the architecture "onnx".',
    );
  },

  async learnt({ folder }) {
    const description = await readDescription(folder);
    if (!description.weights.endsWith(".safetensors")) {
      throw inputError(
        "base",
        `The model "${description.name}" is of ${description.weights}, whose network cannot be trained further.`,
        "Give a model that was trained here, an nnU-Net folder or a MONAI bundle.",
      );
    }
    const { network, members } = await readDescribedNetwork(folder, description, weightFiles(description));
    return { description, network, weights: members[0]! };
  },

  async parts({ folder }: ModelPlace) {
    const description = await readDescription(folder);
    const { weights, card, outOfDistribution } = description;
    const entries = await readdir(folder, { withFileTypes: true });
    const own = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    const keep = new Set([MODEL_FILE_NAME, ...weightFiles(description), card, ...own.filter(isSmallText)]);
    if (outOfDistribution) keep.add(outOfDistribution.features);
    if (weights.endsWith(".json")) for (const file of own.filter(isTfjsPart)) keep.add(file);
    return own.filter((file) => keep.has(file)).map((file) => ({ from: join(folder, file), to: file }));
  },
};
