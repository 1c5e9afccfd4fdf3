export * from "./body.js";
export * from "./reference-adult.js";
