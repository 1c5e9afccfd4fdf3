export { BatchSource, type BatchSourceOptions } from "./batch-source.js";
export { fingerprintDataset } from "./fingerprint-dataset.js";
export { type PreparedDataset, readPreparedCase } from "./prepared.js";
export { preprocessDataset } from "./preprocess.js";
export { type ReadDatasetOptions, readDataset } from "./read-dataset.js";
