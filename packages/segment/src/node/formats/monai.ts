import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  bundleWeights,
  describeBundle,
  INFERENCE,
  learntBundle,
  METADATA,
  openBundle,
} from "../monai-bundle.js";
import type { ModelFormat, ModelPart } from "./format.js";

const LICENCES = /^(licen[cs]e(\.\w+)?|data_license\.txt|readme\.md)$/i;

/** MONAI bundles: configs/metadata.json, configs/inference.json and models/model.pt. */
export const monaiFormat: ModelFormat = {
  kind: "monai",
  example: "a MONAI bundle's folder",

  async recognise(folder, file) {
    if (file !== null) return null;
    const found = await stat(join(folder, METADATA)).catch(() => null);
    return found?.isFile() ? { folder, file: null } : null;
  },

  describe: ({ folder }) => describeBundle(folder),

  open: ({ folder }, options) => openBundle(folder, options),

  learnt: ({ folder }) => learntBundle(folder),

  async parts({ folder }) {
    const files = [METADATA, INFERENCE, await bundleWeights(folder)];
    for (const place of [".", "docs"]) {
      const names = await readdir(join(folder, place)).catch(() => []);
      files.push(...names.filter((name) => LICENCES.test(name)).map((name) => join(place, name)));
    }
    return files.map((name): ModelPart => ({ from: join(folder, name), to: name }));
  },
};
