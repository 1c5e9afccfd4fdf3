export * from "./expression/index.js";
export * from "./linear/dense.js";
export * from "./linear/expm.js";
