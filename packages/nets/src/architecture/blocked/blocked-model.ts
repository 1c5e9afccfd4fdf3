/** Lowering of a network to flat images in ONNX Runtime's blocked layout. */
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import type { Weights } from "../../weights/weights.js";
import type { Lowered } from "../inference-model.js";
import type { Network, Operation } from "../network.js";
import { BlockedGraph, type ConvolutionWeights, type Finish, type Three } from "./blocked-graph.js";
import { type FlatImage, filled } from "./flat-image.js";

type Of<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

/** Whether every layer of the network can be done on flat images of `block` channels, and is worth it. */
export function fitsBlocked(network: Network, weights: Weights, block: number): boolean {
  // Channels that only fill blocks cost as much as others.
  const wasted = network.layers.some(({ operation }) => {
    if (operation.kind !== "conv" || operation.kernel.every((k) => k === 1)) return false;
    const filters = weights.get(operation.weight)!.dims[0]!;
    return filled(filters, block) > 1.5 * filters;
  });
  // Concatenated images are not joined but given to the convolution that follows one by one.
  const joined = (id: number) => id > 0 && network.layers[id - 1]!.operation.kind === "concat";
  const takesParts = ["conv", "convTranspose", "concat"];
  return (
    !wasted &&
    network.channels < block &&
    !joined(network.outputs[0]!) &&
    network.layers.every(
      ({ operation, inputs }) =>
        fits(operation) && (takesParts.includes(operation.kind) || !inputs.some(joined)),
    )
  );
}

function fits(operation: Operation): boolean {
  switch (operation.kind) {
    case "conv": {
      const { kernel, pads, dilations, groups } = operation;
      const same = kernel.every((k, axis) => k % 2 === 1 && pads[axis]! === ((k - 1) / 2) * dilations[axis]!);
      const rows = kernel.length - 2;
      return same && groups === 1 && pads[rows]! <= 1;
    }
    case "convTranspose": {
      const { kernel, strides, pads, outputPadding } = operation;
      return kernel.every((k, axis) => k === strides[axis] && pads[axis] === 0 && outputPadding[axis] === 0);
    }
    case "activation":
      return operation.function === "relu";
    case "instanceNorm":
    case "leakyRelu":
    case "dropout":
    case "averagePool":
    case "add":
    case "concat":
      return true;
    default:
      return false;
  }
}

/** A norm whose result has not been written yet, so that what follows can be done on the way. */
interface Pending {
  centred: FlatImage;
  factor: Value;
  term: Value;
  addTo: FlatImage | null;
}

/** Concatenated images are kept as a list; convolutions take each for itself. */
type Result = { kind: "images"; images: readonly FlatImage[] } | { kind: "pending"; pending: Pending };

/** [depth, height, width] of one to three numbers. */
function three(values: readonly number[], fill: number): Three {
  return values.length === 2 ? [fill, values[0]!, values[1]!] : (values as Three);
}

/**
 * The scores [1, classes, ...extents] of the network's first output for `input` [1, channels, ...extents], and the
 * mean over space [1, C] of the value `deepest`.
 */
export function lowerBlocked(
  graph: GraphBuilder,
  network: Network,
  weights: Weights,
  input: Value,
  extents: readonly number[],
  block: number,
  deepest?: number,
): Lowered {
  const flat = new BlockedGraph(graph, block, network.spatialDims === 2 ? 0 : 1);
  const volume = three(extents, 1);
  const spatial = network.spatialDims === 2 ? graph.reshape(input, [1, network.channels, ...volume]) : input;
  const lowering = new Lowering(flat, weights);
  const output = network.outputs[0]!;
  const results: Result[] = [{ kind: "images", images: [flat.input(spatial, network.channels, volume)] }];
  for (const { operation, inputs } of network.layers.slice(0, output)) {
    results.push(
      lowering.layer(
        operation,
        inputs.map((id) => results[id]!),
      ),
    );
  }
  const scores = flat.output(lowering.image(results[output]!));
  let features: Value | null = null;
  if (deepest !== undefined) {
    const image = lowering.image(results[deepest]!);
    const mean = graph.slice(flat.mean(image), [0], [image.channels], [0]);
    features = graph.reshape(mean, [1, image.channels]);
  }
  return { scores: graph.reshape(scores, [1, network.classes, ...extents]), features };
}

class Lowering {
  readonly #flat: BlockedGraph;
  readonly #weights: Weights;
  readonly #written = new Map<Pending, FlatImage>();

  constructor(flat: BlockedGraph, weights: Weights) {
    this.#flat = flat;
    this.#weights = weights;
  }

  layer(operation: Operation, inputs: readonly Result[]): Result {
    const flat = this.#flat;
    const first = inputs[0]!;
    switch (operation.kind) {
      case "conv":
        return one(flat.conv(this.#images(first), this.#convolution(operation), geometry(operation)));
      case "convTranspose":
        return one(flat.enlarged(this.#images(first), this.#convolution(operation)));
      case "instanceNorm":
        return this.#norm(operation, this.image(first));
      case "activation":
        return this.#activation(first, { kind: "relu" });
      case "leakyRelu":
        return this.#activation(first, operation);
      case "averagePool":
        return one(flat.averagePool(this.image(first), three(operation.kernel, 1)));
      case "add":
        return this.#add(first, inputs[1]!);
      case "concat":
        return { kind: "images", images: inputs.flatMap((input) => this.#images(input)) };
      default:
        return first;
    }
  }

  /** The single image of a result; concatenated ones are joined by nobody but convolutions. */
  image(result: Result): FlatImage {
    return this.#images(result)[0]!;
  }

  #images(result: Result): readonly FlatImage[] {
    if (result.kind === "images") return result.images;
    const { pending } = result;
    const written = this.#written.get(pending) ?? this.#write(pending, { kind: "none" });
    this.#written.set(pending, written);
    return [written];
  }

  #write({ centred, factor, term, addTo }: Pending, finish: Finish): FlatImage {
    return this.#flat.scaled(centred, factor, term, finish, addTo?.value ?? null);
  }

  #numbers(name: string): Float32Array {
    return this.#weights.get(name)!.data as Float32Array;
  }

  #convolution(operation: Of<"conv" | "convTranspose">): ConvolutionWeights {
    const { dims } = this.#weights.get(operation.weight)!;
    return {
      weight: this.#numbers(operation.weight),
      bias: operation.bias === null ? null : this.#numbers(operation.bias),
      outputs: operation.kind === "conv" ? dims[0]! : dims[1]!,
      kernel: three(operation.kernel, 1),
    };
  }

  #norm({ scale, shift, epsilon }: Of<"instanceNorm">, x: FlatImage): Result {
    const { graph } = this.#flat;
    const { centred, factor } = this.#flat.standardised(x, epsilon);
    const term = shift === null ? new Float32Array(x.channels) : this.#numbers(shift);
    const scaled =
      scale === null ? factor : graph.mul(factor, this.#flat.channelConstant(this.#numbers(scale)));
    const pending = { centred, factor: scaled, term: this.#flat.channelConstant(term), addTo: null };
    return { kind: "pending", pending };
  }

  #activation(input: Result, finish: Finish): Result {
    if (input.kind === "pending") return one(this.#write(input.pending, finish));
    return one(this.#flat.finished(this.image(input), finish));
  }

  #add(a: Result, b: Result): Result {
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const) {
      if (x.kind === "pending" && x.pending.addTo === null) {
        return { kind: "pending", pending: { ...x.pending, addTo: this.image(y) } };
      }
    }
    return one(this.#flat.add(this.image(a), this.image(b)));
  }
}

function one(image: FlatImage): Result {
  return { kind: "images", images: [image] };
}

function geometry({ strides, dilations }: Of<"conv">) {
  return { strides: three(strides, 1), dilations: three(dilations, 1) };
}
