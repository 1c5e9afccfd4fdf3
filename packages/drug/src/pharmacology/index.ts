export * from "./data-set.js";
export * from "./data-simulator.js";
export { LIBRARY_MODELS, libraryModelText } from "./library/index.js";
export type {
  ErrorKind,
  ModelCompartment,
  ModelOutput,
  ModelParameter,
  PharmacologyModel,
  RandomEffects,
  ResidualError,
} from "./model.js";
export { equationSystem } from "./model.js";
export { readModelText } from "./model-text.js";
export type { AreaMethod } from "./nca/area.js";
export { MEASURE_NAMES, type NcaMeasures, type NcaProfile, ncaMeasures, type Route } from "./nca/measures.js";
export { type NcaOptions, type NcaResult, type NcaRow, ncaOfData } from "./nca/profiles.js";
export { type NcaUnitNames, ncaUnits } from "./nca/units.js";
export * from "./simulate-data.js";
export { isMistake, readErrorTerms } from "./variability-text.js";
