/** TensorFlow.js layers folders: brainchop's networks, by the recipe of `tfjs-model.ts`. */
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ModelFile } from "@viscera/core";
import type { SessionOptions } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import type { LoadedModel } from "../../model.js";
import { licenceWarnings } from "../licence.js";
import { readTfjsFolder } from "../tfjs-model.js";
import { checkSum } from "./agreement.js";
import type { ModelFormat, ModelPlace } from "./format.js";
import { isSmallText } from "./small-text.js";

const DEFAULT_FILE = "model.json";

export const isTfjsPart = (file: string): boolean => /\.(json|bin)$/i.test(file);

export const tfjsFormat: ModelFormat = {
  kind: "tfjs",
  example: "a TensorFlow.js folder (model.json and .bin)",

  async recognise(folder, file) {
    if (file !== null) return file.endsWith(".json") ? { folder, file } : null;
    const found = await stat(join(folder, DEFAULT_FILE)).catch(() => null);
    return found?.isFile() ? { folder, file: DEFAULT_FILE } : null;
  },

  describe: async ({ folder, file }) => (await readTfjsFolder(folder, file ?? DEFAULT_FILE)).description,

  open: ({ folder, file }, options) => openTfjs(folder, file ?? DEFAULT_FILE, null, options),

  async parts({ folder }: ModelPlace) {
    const entries = await readdir(folder, { withFileTypes: true });
    const own = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    const files = own.filter((file) => isTfjsPart(file) || isSmallText(file));
    const parts = files.map((file) => ({ from: join(folder, file), to: file }));
    if (files.some(isSmallText)) return parts;
    // A licence that lies one folder up, for all of the models there, comes along.
    const above = (await readdir(dirname(folder)).catch(() => [])).filter(isSmallText);
    return [...parts, ...above.map((file) => ({ from: join(dirname(folder), file), to: file }))];
  },
};

/** Opens a layers model; `given` is its viscera-model.json where it has one. */
export async function openTfjs(
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
