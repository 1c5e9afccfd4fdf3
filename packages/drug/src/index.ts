export * from "./estimation/index.js";
export * from "./measures.js";
export * from "./pbpk/index.js";
export * from "./pharmacology/index.js";
export * from "./population/index.js";
export * from "./results/index.js";
export * from "./sbml/index.js";
export * from "./sensitivity/index.js";
