export * from "./data-set.js";
export { LIBRARY_MODELS, libraryModelText } from "./library/index.js";
export type {
  ModelCompartment,
  ModelOutput,
  ModelParameter,
  PharmacologyModel,
} from "./model.js";
export { equationSystem } from "./model.js";
export { readModelText } from "./model-text.js";
export * from "./simulate-data.js";
