/** The graph for using a network: its forward pass with the weights inside. */
import type { Variable } from "../autodiff/index.js";
import { GraphBuilder, type Value } from "../onnx/graph-builder.js";
import type { Weights } from "../weights/weights.js";
import { applyNetwork } from "./apply.js";
import { fitsBlocked, lowerBlocked } from "./blocked/blocked-model.js";
import { checkExtents } from "./extents.js";
import type { Network } from "./network.js";
import { PlainTape } from "./plain-tape.js";

export interface InferenceOptions {
  /** Extents of space in tensor order. */
  patch: readonly number[];
  /**
   * What `channelBlock` says of the runtime that will run the model: with 8 or 16 the graph is, where the network
   * allows, of the runtime's own blocked operators, which are faster and which no other runtime knows. Default
   * null: a graph of standard operators for every runtime.
   */
  block?: number | null;
}

/**
 * An ONNX model from `input` [1, channels, ...patch] to `scores` [1, classes, ...patch], the network's first
 * output. `weights` are those of `matchWeights` or `initialWeights`. Throws `input.shape` where the network
 * cannot take the patch.
 */
export function inferenceModel(
  network: Network,
  weights: Weights,
  { patch, block = null }: InferenceOptions,
): Uint8Array {
  checkExtents(network, patch);
  const graph = new GraphBuilder({ name: network.kind });
  const input = graph.input("input", "float32", [1, network.channels, ...patch]);
  const scores =
    block !== null && fitsBlocked(network, weights, block)
      ? lowerBlocked(graph, network, weights, input, patch, block)
      : lowerPlain(graph, network, weights, input, patch);
  graph.output(scores, "scores", "float32", [1, network.classes, ...patch]);
  return graph.build();
}

function lowerPlain(
  graph: GraphBuilder,
  network: Network,
  weights: Weights,
  input: Value,
  patch: readonly number[],
): Value {
  const tape = new PlainTape(graph);
  const constants = new Map<string, Variable>();
  const constant = (name: string) => {
    const { data, dims } = weights.get(name)!;
    const variable = constants.get(name) ?? tape.wrap(graph.weights(name, data as Float32Array, dims), dims);
    constants.set(name, variable);
    return variable;
  };
  const x = tape.wrap(input, [1, network.channels, ...patch]);
  const first = { ...network, outputs: network.outputs.slice(0, 1) };
  return applyNetwork(tape, first, x, constant)[0]!.value;
}
