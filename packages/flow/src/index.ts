export * from "./circulation/index.js";
export * from "./zerod/index.js";
