export { type ElementaryEffects, type MorrisOptions, morris } from "./morris.js";
export { type SobolIndex, type SobolOptions, sobolIndices } from "./sobol-indices.js";
