export * from "./surface/index.js";
