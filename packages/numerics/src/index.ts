export * from "./linear/dense.js";
export * from "./linear/expm.js";
