import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { inputError, type ModelFile, modelFileSchema, parseJson, usageError } from "@viscera/core";
import { type OnnxModelInfo, type OnnxValueInfo, readOnnxModel, type SessionOptions } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import type { LoadedModel } from "../model.js";
import { readModelFile, sha256 } from "./files.js";
import { licenceWarnings } from "./licence.js";
import { findStoredModel } from "./stored-folders.js";
import { readTfjsFolder } from "./tfjs-model.js";

export const MODEL_FILE_NAME = "viscera-model.json";

/** What a path or name given as a model turned out to be. */
export type ModelLocation =
  | { kind: "described"; folder: string }
  | { kind: "tfjs"; folder: string; file: string };

const HINT =
  "Give a folder with viscera-model.json, a TensorFlow.js folder (model.json and .bin), an .onnx file with viscera-model.json beside it, or a name from `viscera models`.";

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Finds what `pathOrName` means: a path where one exists, else a stored model's name. Throws `input.model`. */
export async function locateModel(pathOrName: string): Promise<ModelLocation> {
  const found = await stat(pathOrName).catch(() => null);
  if (found?.isDirectory()) return locateInFolder(resolve(pathOrName));
  if (found) return locateFile(resolve(pathOrName));
  const stored = await findStoredModel(pathOrName);
  if (stored) return locateInFolder(stored);
  throw inputError("model", `There is no model "${pathOrName}", neither as a path nor in the store.`, HINT);
}

async function locateInFolder(folder: string): Promise<ModelLocation> {
  if (await isFile(join(folder, MODEL_FILE_NAME))) return { kind: "described", folder };
  if (await isFile(join(folder, "model.json"))) return { kind: "tfjs", folder, file: "model.json" };
  throw inputError("model", `The folder ${folder} holds no model.`, HINT);
}

async function locateFile(path: string): Promise<ModelLocation> {
  const folder = dirname(path);
  const name = basename(path);
  if (name === MODEL_FILE_NAME) return { kind: "described", folder };
  if (name.endsWith(".json")) return { kind: "tfjs", folder, file: name };
  if (await isFile(join(folder, MODEL_FILE_NAME))) {
    const description = await readDescription(folder);
    if (description.weights === name) return { kind: "described", folder };
    throw inputError(
      "model",
      `The viscera-model.json beside ${name} describes ${description.weights}, not this file.`,
      "Put each model into a folder of its own.",
    );
  }
  if (name.endsWith(".onnx")) {
    throw inputError(
      "model",
      `${name} has no viscera-model.json beside it, so nothing says how to prepare a scan for it.`,
      "Write one with the grid, the intensities and the labels it was trained with; packages/segment/README.md shows the fields.",
    );
  }
  throw inputError("model", `${name} is not a model this program knows.`, HINT);
}

/** The checked viscera-model.json of a folder. */
export async function readDescription(folder: string): Promise<ModelFile> {
  const path = join(folder, MODEL_FILE_NAME);
  return parseJson(new TextDecoder().decode(await readModelFile(path)), modelFileSchema, path);
}

/**
 * Opens a model: a folder with viscera-model.json, a TensorFlow.js layers folder or its model.json, an .onnx
 * file beside its viscera-model.json, or the name of a stored model. The weights' SHA-256 is checked.
 * Throws `input.model`, `input.missing`, `input.checksum`, `input.schema`, `input.onnx`, `input.tfjs`,
 * `input.architecture`.
 */
export async function openModel(pathOrName: string, options: SessionOptions = {}): Promise<LoadedModel> {
  const location = await locateModel(pathOrName);
  return location.kind === "tfjs"
    ? openTfjs(location.folder, location.file, null, options)
    : openDescribed(location.folder, options);
}

async function openDescribed(folder: string, options: SessionOptions): Promise<LoadedModel> {
  const description = await readDescription(folder);
  const { weights } = description;
  if (basename(weights) !== weights) {
    throw inputError(
      "model",
      `The viscera-model.json of "${description.name}" names weights outside its folder.`,
      "Put the weights beside it.",
    );
  }
  if (description.architecture.kind === "tfjs-layers") return openTfjs(folder, weights, description, options);
  if (description.architecture.kind !== "onnx" || !weights.endsWith(".onnx")) {
    throw inputError(
      "architecture",
      `The model "${description.name}" is a ${description.architecture.kind} with the weights ${weights}; this version runs .onnx files and TensorFlow.js layers models only.`,
      'Export it to ONNX and set the architecture\'s kind to "onnx".',
    );
  }
  const bytes = await readModelFile(join(folder, weights));
  checkSum(description, sha256(bytes));
  return openOnnx(description, bytes, options);
}

function checkSum({ name, sha256: expected }: ModelFile, actual: string): void {
  if (actual !== expected) {
    throw inputError(
      "checksum",
      `The weights of the model "${name}" are not the ones its viscera-model.json describes (SHA-256 ${actual.slice(0, 12)}… instead of ${expected.slice(0, 12)}…).`,
      "Copy or download the model again.",
    );
  }
}

async function openTfjs(
  folder: string,
  file: string,
  given: ModelFile | null,
  options: SessionOptions,
): Promise<LoadedModel> {
  const read = await readTfjsFolder(folder, file);
  const { translated } = read;
  if (given) checkSum(given, read.description.sha256);
  const description = given ?? read.description;
  const session = await openSession(translated.model, options);
  return {
    description,
    session,
    input: "input",
    output: { kind: "labels", label: "label", probability: "probability" },
    channels: translated.channels,
    classes: translated.classes,
    peakChannels: translated.peakChannels,
    receptiveRadius: translated.receptiveRadius,
    warnings: licenceWarnings(description.name, description.licence, description.commercialUse),
    dispose: () => session.dispose(),
  };
}

async function openOnnx(
  description: ModelFile,
  bytes: Uint8Array,
  options: SessionOptions,
): Promise<LoadedModel> {
  const info = readOnnxModel(bytes, description.weights);
  const { input, output } = checkInterface(description, info);
  const channels = input.dims![1];
  const declared = output.dims?.[1];
  const classes =
    typeof declared === "number" && declared > 0
      ? declared
      : description.labels.reduce((most, { id }) => Math.max(most, id), 0) + 1;
  if (classes < 2 || description.labels.some(({ id }) => id >= classes)) {
    throw inputError(
      "model",
      `The network of "${description.name}" has ${classes} classes, which does not fit the labels of its viscera-model.json.`,
      "Class 0 is background; every label's id is the number of its class.",
    );
  }
  const session = await openSession(bytes, options);
  return {
    description,
    session,
    input: input.name,
    output: { kind: "scores", name: output.name },
    channels: typeof channels === "number" && channels > 0 ? channels : 1,
    classes,
    peakChannels: null,
    receptiveRadius: null,
    warnings: licenceWarnings(description.name, description.licence, description.commercialUse),
    dispose: () => session.dispose(),
  };
}

function checkInterface(
  { name, weights }: ModelFile,
  info: OnnxModelInfo,
): { input: OnnxValueInfo; output: OnnxValueInfo } {
  if (info.externalData) {
    throw inputError(
      "onnx",
      `${weights} keeps its weights in files beside it, which is not supported.`,
      "Export the model into a single file.",
    );
  }
  const [input] = info.inputs;
  const [output] = info.outputs;
  const fits = (value: OnnxValueInfo | undefined) =>
    value?.type === "float32" && (value.dims === null || value.dims.length === 5);
  if (info.inputs.length !== 1 || !fits(input) || input!.dims === null || !fits(output)) {
    throw inputError(
      "onnx",
      `The network of "${name}" does not take one float32 tensor [1, channels, z, y, x] and give scores [1, classes, z, y, x].`,
      "Export the network alone, without preparation or post-processing.",
    );
  }
  return { input: input!, output: output! };
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
