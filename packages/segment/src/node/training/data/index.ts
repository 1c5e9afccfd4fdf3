export { type ReadDatasetOptions, readDataset } from "./read-dataset.js";
