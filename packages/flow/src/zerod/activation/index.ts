import type { ActivationType } from "./activation.js";
import { fourier } from "./fourier.js";
import { halfCosine } from "./half-cosine.js";
import { piecewiseCosine } from "./piecewise-cosine.js";
import { twoHill } from "./two-hill.js";
import { wrappingCosine } from "./wrapping-cosine.js";

export type { Activation, ActivationType } from "./activation.js";

export const ACTIVATIONS: readonly ActivationType[] = [
  halfCosine,
  piecewiseCosine,
  twoHill,
  fourier,
  wrappingCosine,
];
