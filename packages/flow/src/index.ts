export * from "./zerod/index.js";
