export * from "./compound.js";
export * from "./dosing.js";
export * from "./measures.js";
export * from "./partition.js";
export * from "./pbpk.js";
export * from "./propagate.js";
export * from "./sbml/index.js";
export * from "./simulation.js";
