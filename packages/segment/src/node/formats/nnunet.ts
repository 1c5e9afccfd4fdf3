/** Trained-model folders of nnU-Net v2. */
import { basename, join } from "node:path";
import { describeTrained, learntNnUnet, openNnUnet } from "../nnunet.js";
import { chooseTrained, foldFiles, readTrained, trainedFolders } from "../nnunet-folder.js";
import type { ModelFormat } from "./format.js";

export const nnUnetFormat: ModelFormat = {
  kind: "nnunet",
  example: "a trained nnU-Net folder (dataset.json, plans.json, fold_0)",
  hasTasks: true,

  async recognise(folder, file) {
    if (file !== null) return null;
    return (await trainedFolders(folder)).length > 0 ? { folder, file: null } : null;
  },

  describe: async ({ folder, task }) =>
    describeTrained(await readTrained(await chooseTrained(folder, task), null)),

  open: async ({ folder, task }, options) =>
    openNnUnet(await chooseTrained(folder, task), options.folds ?? null, options),

  learnt: async ({ folder, task }) => learntNnUnet(await chooseTrained(folder, task)),

  async parts({ folder, task }) {
    const trained = await chooseTrained(folder, task);
    const files = ["dataset.json", "plans.json"].map((name) => ({ from: join(trained, name), to: name }));
    for (const { path, fold } of await foldFiles(trained, null))
      files.push({ from: path, to: join(`fold_${fold}`, basename(path)) });
    return files;
  },
};
