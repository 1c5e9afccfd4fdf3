export * from "./adapter.js";
export { networkFor } from "./class-axes.js";
export * from "./settings.js";
export * from "./stages.js";
export * from "./transfer.js";
