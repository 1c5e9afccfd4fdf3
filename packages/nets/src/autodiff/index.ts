export type { ConvolutionOptions, TransposedConvolutionOptions } from "./convolution.js";
export type { InterpolateOptions, InterpolateTarget } from "./interpolate.js";
export type { AveragePoolOptions, PoolOptions } from "./pooling.js";
export { type Backward, Tape, type Variable } from "./tape.js";
