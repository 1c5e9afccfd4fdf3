export type { Attribute, Attributes } from "./onnx/attributes.js";
export * from "./onnx/graph-builder.js";
export { labelHead } from "./onnx/label-head.js";
export * from "./onnx/read-model.js";
export * from "./session/session.js";
export * from "./tensor.js";
export * from "./tfjs/layers-model.js";
export * from "./tfjs/to-onnx.js";
