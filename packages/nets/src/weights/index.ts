export { floatToHalf, halfToFloat } from "./half.js";
export { NumpyArray } from "./numpy-objects.js";
export { OpaqueObject } from "./pickle.js";
export * from "./safetensors.js";
export * from "./torch-file.js";
export { TorchTensor } from "./torch-tensor.js";
export type { StoredType, Weights } from "./weights.js";
export * from "./zip.js";
