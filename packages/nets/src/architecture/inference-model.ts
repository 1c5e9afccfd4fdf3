/** The graph for using a network: its forward pass with the weights inside. */
import { Tape } from "../autodiff/index.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import type { Weights } from "../weights/weights.js";
import { applyNetwork } from "./apply.js";
import type { Network } from "./network.js";

export interface InferenceOptions {
  /** Extents of space in tensor order. */
  patch: readonly number[];
}

/**
 * An ONNX model from `input` [1, channels, ...patch] to `scores` [1, classes, ...patch], the network's first
 * output. `weights` are those of `matchWeights` or `initialWeights`. Throws `input.shape` where the network
 * cannot take the patch.
 */
export function inferenceModel(network: Network, weights: Weights, { patch }: InferenceOptions): Uint8Array {
  const graph = new GraphBuilder({ name: network.kind });
  const tape = new Tape(graph);
  const input = tape.input("input", [1, network.channels, ...patch]);
  const [scores] = applyNetwork(tape, { ...network, outputs: network.outputs.slice(0, 1) }, input, (name) => {
    const { data, dims } = weights.get(name)!;
    return tape.wrap(graph.weights(name, data as Float32Array, dims), dims);
  });
  graph.output(scores!.value, "scores", "float32", scores!.dims);
  return graph.build();
}
