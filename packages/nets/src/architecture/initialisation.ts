/** How the original libraries draw a layer's parameters. */
import type { Initialisation } from "./network-builder.js";

/** torch's default for convolutions and linear layers: uniform within 1 / sqrt(inputs), weight and bias alike. */
export const TORCH_DEFAULT: Initialisation = {
  weight: (fanIn) => ({ kind: "uniform", bound: 1 / Math.sqrt(fanIn) }),
  bias: (fanIn) => ({ kind: "uniform", bound: 1 / Math.sqrt(fanIn) }),
};

/** He et al., arXiv:1502.01852, for leaky rectifiers of slope 0.01, as nnU-Net draws them; biases are 0. */
export const HE_LEAKY: Initialisation = {
  weight: (fanIn) => ({ kind: "normal", deviation: Math.sqrt(2 / (1 + 0.01 ** 2) / fanIn) }),
  bias: () => ({ kind: "constant", value: 0 }),
};

/** Glorot & Bengio, AISTATS 2010, for rectifiers, as brainchop draws its networks; biases are 0. */
export const XAVIER_RELU: Initialisation = {
  weight: (fanIn, fanOut) => ({ kind: "normal", deviation: Math.sqrt((2 * 2) / (fanIn + fanOut)) }),
  bias: () => ({ kind: "constant", value: 0 }),
};

/** That of a vision transformer's embeddings (the original cuts at 100 deviations); biases are 0. */
export const EMBEDDING: Initialisation = {
  weight: () => ({ kind: "normal", deviation: 0.02 }),
  bias: () => ({ kind: "constant", value: 0 }),
};
