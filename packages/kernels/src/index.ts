export * from "./boxes.js";
export { type Components, connectedComponents } from "./connected-components.js";
export * from "./distance-transform.js";
export { distanceTransformReference } from "./distance-transform.reference.js";
export * from "./fill-holes.js";
export * from "./linear-course.js";
export { type CourseStep, courseReference, exponentialReference } from "./linear-course.reference.js";
export * from "./morphology.js";
export { dilateReference, erodeReference, type StructuringElement } from "./morphology.reference.js";
export * from "./options.js";
export { closePool } from "./pool/pool.js";
export { Turns } from "./pool/turn.js";
export * from "./resample.js";
export {
  type Interpolation,
  type Resampled,
  type ResampleParameters,
  resampleReference,
} from "./resample.reference.js";
export type { ResampleGrid } from "./resample-grid.js";
export * from "./resample-labels.js";
export { type ResampleLabelsParameters, resampleLabelsReference } from "./resample-labels.reference.js";
export type { Connectivity } from "./runs.js";
export * from "./separable-filter.js";
export {
  gaussianSmoothReference,
  gaussianWeights,
  type SeparableWeights,
  separableFilterReference,
} from "./separable-filter.reference.js";
export * from "./surface/index.js";
