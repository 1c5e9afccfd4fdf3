export * from "./blend.js";
export * from "./conform.js";
export * from "./halo.js";
export type { NetworkImage } from "./image.js";
export { labelsFromColormap, labelTable, structureName } from "./label-names.js";
export * from "./model.js";
export type { Prediction } from "./prediction.js";
export * from "./segment-volume.js";
export * from "./synthesis/index.js";
