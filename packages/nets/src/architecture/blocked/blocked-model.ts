/** Lowering of a network to flat images in ONNX Runtime's blocked layout. */
import type { Variable } from "../../autodiff/index.js";
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import type { Weights } from "../../weights/weights.js";
import { applyOperation } from "../apply.js";
import type { Lowered } from "../inference-model.js";
import type { Network, Operation } from "../network.js";
import { PlainTape } from "../plain-tape.js";
import { BlockedGraph, type ConvolutionWeights, type Finish, type Three } from "./blocked-graph.js";
import { type FlatImage, filled } from "./flat-image.js";

type Of<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

/** For every layer whether it is done on flat images. */
export type BlockedLayout = readonly boolean[];

/**
 * Which layers are done on flat images of `block` channels. The others are done as everywhere, with the image
 * rearranged between: transposed convolutions, and layers of few channels. null where others yet would be among them,
 * for then rearranging costs what was gained.
 */
export function blockedLayout(network: Network, weights: Weights, block: number): BlockedLayout | null {
  if (network.channels >= block) return null;
  // Channels and whether in blocks, of every value.
  const values = [{ channels: network.channels, blocked: true }];
  const layout: boolean[] = [];
  for (const { operation, inputs } of network.layers) {
    const operands = inputs.map((id) => values[id]!);
    const first = operands[0]!;
    let { channels } = first;
    let blocked = fits(operation) && operands.every((each) => each.blocked || each.channels % block === 0);
    if (operation.kind === "conv" || operation.kind === "convTranspose") {
      channels = weights.get(operation.weight)!.dims[operation.kind === "conv" ? 0 : 1]!;
      const spatial = operation.kernel.some((k) => k > 1);
      // Channels that only fill blocks cost as much as others.
      if (spatial && filled(channels, block) > 1.5 * channels) blocked = false;
    }
    if (operation.kind === "concat") channels = operands.reduce((sum, each) => sum + each.channels, 0);
    if (!blocked && operation.kind !== "convTranspose" && channels >= block) return null;
    layout.push(blocked);
    values.push({ channels, blocked });
  }
  return layout.some(Boolean) && !hasJoinedReader(network) ? layout : null;
}

/** Whether a concatenation is read by a layer that does not take its parts one by one. */
function hasJoinedReader({ layers, outputs }: Network): boolean {
  const joined = (id: number) => id > 0 && layers[id - 1]!.operation.kind === "concat";
  const takesParts = ["conv", "convTranspose", "concat"];
  return (
    joined(outputs[0]!) ||
    layers.some(({ operation, inputs }) => inputs.some(joined) && !takesParts.includes(operation.kind))
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
type Result =
  | { kind: "images"; images: readonly FlatImage[] }
  | { kind: "pending"; pending: Pending }
  | { kind: "plain"; variable: Variable };

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
  { block, layout }: { block: number; layout: BlockedLayout },
  deepest?: number,
): Lowered {
  const flat = new BlockedGraph(graph, block, network.spatialDims === 2 ? 0 : 1);
  const volume = three(extents, 1);
  const spatial = network.spatialDims === 2 ? graph.reshape(input, [1, network.channels, ...volume]) : input;
  const lowering = new Lowering(flat, weights);
  const output = network.outputs[0]!;
  const results: Result[] = [{ kind: "images", images: [flat.input(spatial, network.channels, volume)] }];
  for (const [i, { operation, inputs }] of network.layers.slice(0, output).entries()) {
    const operands = inputs.map((id) => results[id]!);
    results.push(layout[i] ? lowering.layer(operation, operands) : lowering.plainLayer(operation, operands));
  }
  const scores = lowering.plain(results[output]!).value;
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
  readonly #tape: PlainTape;
  readonly #constant: (name: string) => Variable;
  readonly #written = new Map<Pending, FlatImage>();

  constructor(flat: BlockedGraph, weights: Weights) {
    this.#flat = flat;
    this.#weights = weights;
    this.#tape = new PlainTape(flat.graph);
    this.#constant = this.#tape.constants(weights);
  }

  /** A layer as everywhere. */
  plainLayer(operation: Operation, inputs: readonly Result[]): Result {
    const operands = inputs.map((input) => this.plain(input));
    return { kind: "plain", variable: applyOperation(this.#tape, operation, operands, this.#constant) };
  }

  /** [1, channels, ...space], of one slice without the axis of slices. */
  plain(result: Result): Variable {
    if (result.kind === "plain") return result.variable;
    const parts = this.#images(result).map((image) => {
      const { channels, depth, height, width } = image;
      const dims = this.#flat.sliced ? [1, channels, depth, height, width] : [1, channels, height, width];
      const value = this.#flat.output(image);
      return this.#tape.wrap(this.#flat.sliced ? value : this.#flat.graph.reshape(value, dims), dims);
    });
    return parts.length === 1 ? parts[0]! : this.#tape.concat(parts, 1);
  }

  #arranged({ value, dims }: Variable): FlatImage {
    const extents = three(dims.slice(2), 1);
    const spatial = this.#flat.sliced ? value : this.#flat.graph.reshape(value, [1, dims[1]!, ...extents]);
    return this.#flat.arranged(spatial, dims[1]!, extents);
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
    if (result.kind === "plain") return [this.#arranged(result.variable)];
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
