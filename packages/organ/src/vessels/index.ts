export { type ImportOptions, importCentrelines } from "./import-centrelines.js";
export { type SmoothSurface, smoothSurface } from "./signed-distance.js";
export { vesselsOf } from "./vessels-of.js";
export { encodeVtp } from "./write-vtp.js";
