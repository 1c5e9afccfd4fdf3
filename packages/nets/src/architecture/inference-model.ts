/** The graph for using a network: its forward pass with the weights inside. */
import type { Variable } from "../autodiff/index.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import type { Weights } from "../weights/weights.js";
import { applyNetwork } from "./apply.js";
import type { Network } from "./network.js";
import { PlainTape } from "./plain-tape.js";

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
  const tape = new PlainTape(graph);
  const input = tape.input("input", [1, network.channels, ...patch]);
  const constants = new Map<string, Variable>();
  const constant = (name: string) => {
    const { data, dims } = weights.get(name)!;
    const variable = constants.get(name) ?? tape.wrap(graph.weights(name, data as Float32Array, dims), dims);
    constants.set(name, variable);
    return variable;
  };
  const [scores] = applyNetwork(tape, { ...network, outputs: network.outputs.slice(0, 1) }, input, constant);
  graph.output(scores!.value, "scores", "float32", scores!.dims);
  return graph.build();
}
