/** The graph for using a network: its forward pass with the weights inside. */
import { GraphBuilder, type Value } from "../onnx/graph-builder.js";
import type { Weights } from "../weights/weights.js";
import { applyNetwork } from "./apply.js";
import { blockedLayout, lowerBlocked } from "./blocked/blocked-model.js";
import { deepestValue } from "./deepest-value.js";
import { checkExtents } from "./extents.js";
import { foldConstants } from "./fold-constants.js";
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
  /**
   * Adds the output `features` [1, C]: the mean over space of the deepest value (`deepestValue`), by which a window
   * can be compared with others as the network sees them. Default false.
   */
  features?: boolean;
}

/**
 * An ONNX model from `input` [1, channels, ...patch] to `scores` [1, classes, ...patch], the network's first
 * output. `trainedWeights` are those of `matchWeights` or `initialWeights`. Throws `input.shape` where the network
 * cannot take the patch.
 */
export function inferenceModel(
  trained: Network,
  trainedWeights: Weights,
  { patch, block = null, features = false }: InferenceOptions,
): Uint8Array {
  checkExtents(trained, patch);
  const { network, weights } = foldConstants(trained, trainedWeights);
  const deepest = features ? deepestValue(network, patch) : null;
  const graph = new GraphBuilder({ name: network.kind });
  const input = graph.input("input", "float32", [1, network.channels, ...patch]);
  const layout = block === null ? null : blockedLayout(network, weights, block);
  const lowered =
    block !== null && layout !== null
      ? lowerBlocked(graph, network, weights, input, patch, { block, layout }, deepest?.id)
      : lowerPlain(graph, network, weights, input, patch, deepest?.id);
  graph.output(lowered.scores, "scores", "float32", [1, network.classes, ...patch]);
  if (deepest) graph.output(lowered.features!, "features", "float32", [1, deepest.channels]);
  return graph.build();
}

/** The scores, and the mean over space of the value `deepest` where that is asked for. */
export interface Lowered {
  scores: Value;
  features: Value | null;
}

function lowerPlain(
  graph: GraphBuilder,
  network: Network,
  weights: Weights,
  input: Value,
  patch: readonly number[],
  deepest?: number,
): Lowered {
  const tape = new PlainTape(graph);
  const constant = tape.constants(weights);
  const x = tape.wrap(input, [1, network.channels, ...patch]);
  const outputs = [network.outputs[0]!, ...(deepest === undefined ? [] : [deepest])];
  const [scores, deep] = applyNetwork(tape, { ...network, outputs }, x, constant);
  const space = patch.map((_, axis) => axis + 2);
  const mean = deep && space.reduceRight((value, axis) => tape.reduceMean(value, [axis], false), deep);
  return { scores: scores!.value, features: mean?.value ?? null };
}
