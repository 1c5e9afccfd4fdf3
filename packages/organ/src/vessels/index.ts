export { type SmoothSurface, smoothSurface } from "./signed-distance.js";
export { vesselsOf } from "./vessels-of.js";
