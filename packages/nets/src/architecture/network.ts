/**
 * A network as data: its parameters and its layers in order, independent of how it is run. `applyNetwork` puts
 * it on a tape for training, `inferenceModel` writes the graph for using it.
 */

/** How a parameter is drawn before training. */
export type Initialiser =
  | { kind: "constant"; value: number }
  /** Between -bound and bound. */
  | { kind: "uniform"; bound: number }
  | { kind: "normal"; deviation: number };

export type ParameterRole =
  | "weight"
  | "bias"
  | "normScale"
  | "normShift"
  | "slope"
  | "embedding"
  | "runningMean"
  | "runningVariance";

export interface ParameterSpec {
  /** As in the state_dict of the original implementation. */
  name: string;
  dims: readonly number[];
  role: ParameterRole;
  /** Other names under which the original's state_dict repeats the tensor. */
  aliases?: readonly string[];
  init: Initialiser;
}

/** Function applied to every number. `elu` is with alpha 1. */
export type ActivationFunction = "relu" | "gelu" | "silu" | "sigmoid" | "tanh" | "elu";

/**
 * What a layer does with its inputs; strings name parameters. Space is the axes after batch and channels; lists
 * have one entry an axis of space.
 */
export type Operation =
  | {
      kind: "conv";
      weight: string;
      bias: string | null;
      kernel: readonly number[];
      strides: readonly number[];
      /** At both sides of each axis. */
      pads: readonly number[];
      dilations: readonly number[];
      groups: number;
    }
  | {
      kind: "convTranspose";
      weight: string;
      bias: string | null;
      kernel: readonly number[];
      strides: readonly number[];
      pads: readonly number[];
      outputPadding: readonly number[];
    }
  | { kind: "instanceNorm"; scale: string | null; shift: string | null; epsilon: number }
  | { kind: "groupNorm"; groups: number; scale: string | null; shift: string | null; epsilon: number }
  | {
      kind: "batchNorm";
      scale: string | null;
      shift: string | null;
      runningMean: string;
      runningVariance: string;
      epsilon: number;
    }
  /** Over the last axis (tokens). */
  | { kind: "layerNorm"; scale: string; shift: string; epsilon: number }
  | { kind: "activation"; function: ActivationFunction }
  | { kind: "leakyRelu"; slope: number }
  | { kind: "prelu"; slope: string }
  /** Zeroes single numbers or whole channels in training; `name` is the mask's name as a graph input. */
  | { kind: "dropout"; name: string; rate: number; wholeChannels: boolean }
  | { kind: "averagePool"; kernel: readonly number[] }
  | {
      kind: "interpolate";
      scales: readonly number[];
      mode: "nearest" | "linear";
      alignCorners: boolean;
    }
  | { kind: "add" }
  /** Of channels. */
  | { kind: "concat" }
  /** [N, C, ...space] to [N, voxels, C] */
  | { kind: "toTokens" }
  /** [N, C, ...space] to [N, blocks, block voxels · C], channels fastest */
  | { kind: "toPatches"; block: readonly number[] }
  /** [N, voxels, C] to [N, C, ...extents] */
  | { kind: "toSpace"; extents: readonly number[] }
  /** Of the last axis by `weight` [out, in]. */
  | { kind: "linear"; weight: string; bias: string | null }
  /** Adds a parameter that broadcasts. */
  | { kind: "addParameter"; parameter: string }
  /** Self-attention of several heads from queries, keys and values side by side, [N, T, 3 C] to [N, T, C]. */
  | { kind: "attention"; heads: number };

export interface Layer {
  operation: Operation;
  /** Values: 0 is the network's input, i + 1 the result of layer i. */
  inputs: readonly number[];
}

export interface Network {
  kind: string;
  /** As given to `buildNetwork`. */
  options: Record<string, unknown>;
  spatialDims: 2 | 3;
  /** Of the input. */
  channels: number;
  /** Channels of the outputs. */
  classes: number;
  parameters: readonly ParameterSpec[];
  /** Tensors that the original's state_dict holds but never uses. */
  unused: readonly string[];
  layers: readonly Layer[];
  /** Values given out: full resolution first, then those for deep supervision from fine to coarse. */
  outputs: readonly number[];
  /** The extents of an input, in tensor order, must be multiples of these. */
  multipleOf: readonly number[];
  /** The only extents the network takes, where it is made for one size. */
  extents: readonly number[] | null;
}
