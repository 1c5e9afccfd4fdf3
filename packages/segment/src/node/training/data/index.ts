export { fingerprintDataset } from "./fingerprint-dataset.js";
export { type ClassVoxels, type PreparedCase, type PreparedDataset, readPreparedCase } from "./prepared.js";
export { preprocessDataset } from "./preprocess.js";
export { type ReadDatasetOptions, readDataset } from "./read-dataset.js";
