export * from "./measures/index.js";
export * from "./physiology/index.js";
export * from "./plausibility/index.js";
export * from "./structures/index.js";
export * from "./surface/index.js";
export * from "./vessels/index.js";
