export * from "./affine.js";
export { applyOperator } from "./apply.js";
export * from "./differentiate.js";
export * from "./expression.js";
export { ExpressionGraph, type Node, type NodeContent } from "./graph.js";
export * from "./parse.js";
