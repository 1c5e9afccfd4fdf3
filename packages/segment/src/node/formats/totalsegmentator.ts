/** Directories of TotalSegmentator's weights. */
import { join } from "node:path";
import {
  datasetFolders,
  describeTotalSegmentator,
  filesOfTotalSegmentator,
  openTotalSegmentator,
} from "../totalsegmentator.js";
import type { ModelFormat } from "./format.js";

export const totalSegmentatorFormat: ModelFormat = {
  kind: "totalsegmentator",
  example: "a TotalSegmentator weights directory (Dataset297_… and the like)",
  hasTasks: true,

  async recognise(folder, file) {
    if (file !== null) return null;
    return (await datasetFolders(folder)).size > 0 ? { folder, file: null } : null;
  },

  describe: ({ folder, task }) => describeTotalSegmentator(folder, task),

  open: ({ folder, task }, options) => openTotalSegmentator(folder, task, options),

  async parts({ folder }) {
    const files = await filesOfTotalSegmentator(folder);
    return files.map((file) => ({ from: join(folder, file), to: file }));
  },
};
