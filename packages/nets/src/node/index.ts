export { runtimeBlock } from "./runtime-block.js";
export * from "./session.js";
