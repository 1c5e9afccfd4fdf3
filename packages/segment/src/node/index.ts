export type { ModelFormat, ModelPart, ModelPlace, OpenOptions } from "./formats/format.js";
export type { FoldName } from "./nnunet-folder.js";
export { locateModel, type ModelLocation, openModel } from "./open-model.js";
export { type ScanInFolder, scansInFolder } from "./scans-in-folder.js";
export * from "./segment-folder.js";
export * from "./store.js";
export { modelStorePath } from "./stored-folders.js";
export { readTfjsFolder, type TfjsFolder } from "./tfjs-model.js";
export * from "./training/data/index.js";
