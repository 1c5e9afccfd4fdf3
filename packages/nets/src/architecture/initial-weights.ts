/** Weights before training. */
import { RandomStream } from "@viscera/core";
import { elementCount, floatTensor } from "../tensor.js";
import type { Weights } from "../weights/weights.js";
import type { Initialiser, Network } from "./network.js";

function draw(stream: RandomStream, step: number, length: number, init: Initialiser): Float32Array {
  const data = new Float32Array(length);
  switch (init.kind) {
    case "constant":
      return data.fill(init.value);
    case "uniform":
      for (let i = 0; i < length; i++) data[i] = (2 * stream.uniform(step, i) - 1) * init.bound;
      return data;
    case "normal":
      for (let i = 0; i < length; i++) data[i] = stream.normal(step, i) * init.deviation;
      return data;
  }
}

/** Drawn as the original library does, but from this project's random stream: same seed, same weights. */
export function initialWeights(network: Network, seed: number): Weights {
  const stream = new RandomStream(seed, "nets.initial-weights");
  return new Map(
    network.parameters.map(({ name, dims, init }, i) => [
      name,
      floatTensor(draw(stream, i, elementCount(dims), init), dims),
    ]),
  );
}
