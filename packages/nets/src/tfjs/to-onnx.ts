/**
 * Translates a TensorFlow.js layers model of 3D convolutions to ONNX. The graph takes `input`
 * [1, channels, d0, d1, d2]; extents are free, so a window of any size can be run.
 */
import { inputError } from "@viscera/core";
import { GraphBuilder, type Value } from "../onnx/graph-builder.js";
import { HEAD_PARTS, labelHead, splitDepth } from "../onnx/label-head.js";
import type { TfjsLayer, TfjsLayersModel, TfjsWeight } from "./layers-model.js";

export interface TranslateOptions {
  /**
   * Order of the graph's spatial axes. `stored`: as in the layers model. `reversed`: last axis first, which
   * lets a volume stored with its first axis fastest be fed without reordering a single voxel.
   */
  spatialAxes?: "stored" | "reversed";
  /**
   * `scores` gives the last layer as it is: `output` [1, classes, d0, d1, d2]. `labels` gives what a
   * segmentation wants and holds the scores of a part of the volume at a time only: `label` (uint8, or uint16
   * beyond 256 classes) and `probability` (float32, softmax of the winning class), both [1, 1, d0, d1, d2].
   */
  head?: "scores" | "labels";
}

export interface TranslatedModel {
  model: Uint8Array;
  channels: number;
  classes: number;
  /** Spatial extents the model was saved with, in the order of the layers model; null where free. */
  inputSize: (number | null)[];
  /** How far, in voxels, an input voxel can reach in the output; null when it reaches everywhere. */
  receptiveRadius: number | null;
  /** Largest number of channels that must be in memory together: an operator's inputs and output. */
  peakChannels: number;
}

/** What is known of a layer's output while translating. */
interface Node {
  value: Value;
  channels: number;
  radius: number | null;
}

/** brainchop's; see `tfjsToOnnx`. */
const GROUP_NORM_EPSILON = 1e-5;

/** Layers that do nothing at inference. */
const PASS_THROUGH = new Set(["Dropout", "SpatialDropout3D", "GaussianNoise", "GaussianDropout"]);

/**
 * Throws `input.tfjs` naming the layer and what of it is not supported.
 *
 * A Conv3D whose name ends in `_gn` is followed by a normalisation of each channel over the whole volume
 * (epsilon 1e-5, no scale or shift): brainchop's convention for its mindgrab model, whose file does not say so.
 */
export function tfjsToOnnx(
  source: TfjsLayersModel,
  { spatialAxes = "stored", head = "scores" }: TranslateOptions = {},
): TranslatedModel {
  const graph = new GraphBuilder({ name: "tfjs" });
  const translator = new Translator(graph, source.weights, spatialAxes === "reversed");
  const nodes = new Map<string, Node>();
  const inputLayers = source.layers.filter(({ className }) => className === "InputLayer");
  if (inputLayers.length !== 1 || source.outputs.length !== 1) {
    throw unsupported("model", "it has more than one input or output");
  }
  const last = source.layers.find(({ name }) => name === source.outputs[0]);
  if (!last) throw unsupported("model", `its output layer "${source.outputs[0]}" does not exist`);
  const nodeOf = (consumer: TfjsLayer, name: string): Node => {
    const node = nodes.get(name);
    if (!node) throw unsupported(consumer.name, `its input "${name}" does not come before it`);
    return node;
  };
  for (const layer of source.layers) {
    if (layer === last && head === "labels") continue;
    nodes.set(
      layer.name,
      translator.layer(
        layer,
        layer.inputs.map((name) => nodeOf(layer, name)),
      ),
    );
  }
  let output = nodes.get(last.name);
  if (output) graph.output(output.value, "output", "float32", [1, output.channels, "d0", "d1", "d2"]);
  else {
    if (last.inputs.length !== 1) throw unsupported(last.name, "the last layer has not one input");
    const features = nodeOf(last, last.inputs[0]!);
    const count = isPointwise(last) ? HEAD_PARTS : 1;
    const parts = splitDepth(graph, features.value, count).map((part) =>
      translator.headPart(last, { ...features, value: part }, count),
    );
    output = parts[0]!;
    labelHead(
      graph,
      parts.map(({ value }) => value),
      output.channels > 256 ? "uint16" : "uint8",
    );
  }
  const shape = shapeOf(inputLayers[0]!);
  return {
    model: graph.build(),
    channels: nodes.get(inputLayers[0]!.name)!.channels,
    classes: output.channels,
    inputSize: translator.channelsFirst ? shape.slice(2) : shape.slice(1, 4),
    receptiveRadius: output.radius,
    peakChannels: translator.peakChannels,
  };
}

function unsupported(name: string, what: string): Error {
  return inputError(
    "tfjs",
    `The TensorFlow.js layer "${name}" cannot be translated: ${what}.`,
    "Only networks of 3D convolutions with their usual activations and normalisations are supported.",
  );
}

function shapeOf(layer: TfjsLayer): (number | null)[] {
  const shape = layer.config["batch_input_shape"];
  if (!Array.isArray(shape) || shape.length !== 5) {
    throw unsupported(layer.name, "the input is not a batch of volumes with channels");
  }
  return shape as (number | null)[];
}

function triple(layer: TfjsLayer, key: string, fallback: number): [number, number, number] {
  const value = layer.config[key] ?? fallback;
  const list = typeof value === "number" ? [value, value, value] : value;
  if (!Array.isArray(list) || list.length !== 3 || !list.every((n) => Number.isInteger(n) && n >= 1)) {
    throw unsupported(layer.name, `${key} is ${JSON.stringify(value)}`);
  }
  return list as [number, number, number];
}

class Translator {
  peakChannels = 0;
  channelsFirst = false;
  readonly #graph: GraphBuilder;
  readonly #weights: ReadonlyMap<string, TfjsWeight>;
  readonly #reversed: boolean;
  readonly #values = new Map<string, Value>();

  constructor(graph: GraphBuilder, weights: ReadonlyMap<string, TfjsWeight>, reversed: boolean) {
    this.#graph = graph;
    this.#weights = weights;
    this.#reversed = reversed;
  }

  layer(layer: TfjsLayer, inputs: Node[]): Node {
    const node = this.#translate(layer, inputs);
    this.#hold(sumOfChannels(inputs) + node.channels);
    return node;
  }

  /** The last layer on one of `count` equal parts of its input. */
  headPart(layer: TfjsLayer, part: Node, count: number): Node {
    const node = this.#translate(layer, [part]);
    // The whole input, and of this part its copy, the scores and their exponentials.
    this.#hold(part.channels + Math.ceil((part.channels + 2 * node.channels) / count));
    return node;
  }

  #hold(channels: number): void {
    this.peakChannels = Math.max(this.peakChannels, channels);
  }

  #translate(layer: TfjsLayer, inputs: Node[]): Node {
    const { className, name, config } = layer;
    if (className === "InputLayer") return this.#input(layer);
    const [first] = inputs;
    if (!first) throw unsupported(name, "it has no input");
    if (PASS_THROUGH.has(className)) return first;
    switch (className) {
      case "Conv3D":
        return this.#conv(layer, first);
      case "BatchNormalization":
        return this.#batchNorm(layer, first);
      case "Activation":
        return this.#activation(layer, String(config["activation"]), first);
      case "ReLU":
        if (config["max_value"] != null || config["negative_slope"] || config["threshold"]) {
          throw unsupported(name, "it is a ReLU with a limit, slope or threshold");
        }
        return { ...first, value: this.#graph.relu(first.value) };
      case "LeakyReLU":
        return { ...first, value: this.#graph.leakyRelu(first.value, Number(config["alpha"] ?? 0.3)) };
      case "ELU":
        this.#hold(3 * first.channels);
        return { ...first, value: this.#graph.elu(first.value, Number(config["alpha"] ?? 1)) };
      case "Softmax":
        return this.#activation(layer, "softmax", first);
      case "Add":
        return this.#add(layer, inputs);
      case "Concatenate":
        return this.#concatenate(layer, inputs);
      default:
        throw unsupported(name, `layers of type ${className} are not supported`);
    }
  }

  #input(layer: TfjsLayer): Node {
    const shape = shapeOf(layer);
    // One channel in second place and none in last place means channels first.
    this.channelsFirst = shape[1] !== null && shape[1]! <= 4 && (shape[4] === null || shape[4]! > 4);
    const channels = shape[this.channelsFirst ? 1 : 4];
    if (!Number.isInteger(channels)) throw unsupported(layer.name, "it does not say its number of channels");
    const value = this.#graph.input("input", "float32", [1, channels!, "d0", "d1", "d2"]);
    return { value, channels: channels!, radius: 0 };
  }

  #weight(layer: TfjsLayer, kind: string, length: number): TfjsWeight {
    const weight = this.#weights.get(`${layer.name}/${kind}`);
    if (!weight) throw unsupported(layer.name, `its ${kind} is missing from the weights`);
    if (weight.data.length !== length) {
      throw unsupported(layer.name, `its ${kind} has ${weight.data.length} numbers instead of ${length}`);
    }
    return weight;
  }

  #conv(layer: TfjsLayer, input: Node): Node {
    const { name, config } = layer;
    const filters = Number(config["filters"]);
    const kernel = triple(layer, "kernel_size", 1);
    const strides = triple(layer, "strides", 1);
    const dilations = triple(layer, "dilation_rate", 1);
    const groups = Number(config["groups"] ?? 1);
    if (groups !== 1) throw unsupported(name, "it is a grouped convolution");
    if (strides.some((stride) => stride !== 1)) throw unsupported(name, "its stride is not 1");
    if (kernel.some((n) => n % 2 === 0)) throw unsupported(name, "its kernel has an even extent");
    if (config["padding"] !== "same")
      throw unsupported(name, `its padding is "${String(config["padding"])}"`);
    const reach = kernel.map((n, axis) => ((n - 1) / 2) * dilations[axis]!);
    const { data } = this.#weight(
      layer,
      "kernel",
      kernel[0] * kernel[1] * kernel[2] * input.channels * filters,
    );
    const weights = this.#stored(
      `${name}/kernel`,
      () => onnxKernel(data, kernel, input.channels, filters, this.#reversed),
      [filters, input.channels, ...this.#ordered(kernel)],
    );
    const bias =
      config["use_bias"] === false
        ? null
        : this.#stored(`${name}/bias`, () => this.#weight(layer, "bias", filters).data, [filters]);
    const ordered = this.#ordered(reach);
    let value = this.#graph.conv(input.value, weights, bias, {
      kernel: this.#ordered(kernel),
      dilations: this.#ordered(dilations),
      pads: [...ordered, ...ordered],
    });
    let radius = input.radius === null ? null : input.radius + Math.max(...reach);
    if (name.endsWith("_gn")) {
      value = this.#graph.spatialNorm(value, GROUP_NORM_EPSILON);
      // The centred values, their squares and the values themselves.
      this.#hold(3 * filters);
      radius = null;
    }
    return this.#activation(layer, String(config["activation"] ?? "linear"), {
      value,
      channels: filters,
      radius,
    });
  }

  /** The weights as a value of the graph; a layer that is written in several parts stores them once. */
  #stored(name: string, make: () => Float32Array, dims: readonly number[]): Value {
    let value = this.#values.get(name);
    if (value === undefined) {
      value = this.#graph.weights(name, make(), dims);
      this.#values.set(name, value);
    }
    return value;
  }

  #ordered(axes: readonly number[]): number[] {
    return this.#reversed ? [...axes].reverse() : [...axes];
  }

  #batchNorm(layer: TfjsLayer, input: Node): Node {
    const { channels } = input;
    const constant = (value: number) => this.#graph.floats(new Array<number>(channels).fill(value));
    const stored = (kind: string) =>
      this.#graph.weights(`${layer.name}/${kind}`, this.#weight(layer, kind, channels).data, [channels]);
    const value = this.#graph.batchNorm(
      input.value,
      layer.config["scale"] === false ? constant(1) : stored("gamma"),
      layer.config["center"] === false ? constant(0) : stored("beta"),
      stored("moving_mean"),
      stored("moving_variance"),
      Number(layer.config["epsilon"] ?? 1e-3),
    );
    return { ...input, value };
  }

  #activation(layer: TfjsLayer, kind: string, input: Node): Node {
    const graph = this.#graph;
    const { value } = input;
    const functions: Record<string, () => Value> = {
      linear: () => value,
      relu: () => graph.relu(value),
      elu: () => graph.elu(value),
      selu: () => graph.selu(value),
      gelu: () => graph.gelu(value),
      gelu_new: () => graph.gelu(value, "tanh"),
      sigmoid: () => graph.sigmoid(value),
      tanh: () => graph.tanh(value),
      softmax: () => graph.softmax(value, 1),
    };
    const make = functions[kind];
    if (!make) throw unsupported(layer.name, `the activation "${kind}" is not supported`);
    // These are written in several operators, which hold their input, the exponential and their output.
    if (kind === "elu" || kind === "selu") this.#hold(3 * input.channels);
    return { ...input, value: make() };
  }

  #add(layer: TfjsLayer, inputs: Node[]): Node {
    const [first, ...rest] = inputs as [Node, ...Node[]];
    if (rest.some(({ channels }) => channels !== first.channels)) {
      throw unsupported(layer.name, "it adds tensors of different channels");
    }
    const value = rest.reduce((sum, node) => this.#graph.add(sum, node.value), first.value);
    return { value, channels: first.channels, radius: largest(inputs) };
  }

  #concatenate(layer: TfjsLayer, inputs: Node[]): Node {
    const axis = Number(layer.config["axis"] ?? -1);
    const channelAxes = this.channelsFirst ? [1, -4] : [4, -1];
    if (!channelAxes.includes(axis)) throw unsupported(layer.name, "it does not join channels");
    return {
      value: this.#graph.concat(inputs.map(({ value }) => value)),
      channels: sumOfChannels(inputs),
      radius: largest(inputs),
    };
  }
}

function isPointwise(layer: TfjsLayer): boolean {
  return layer.className === "Conv3D" && triple(layer, "kernel_size", 1).every((n) => n === 1);
}

function sumOfChannels(nodes: Node[]): number {
  return nodes.reduce((sum, { channels }) => sum + channels, 0);
}

function largest(nodes: Node[]): number | null {
  const radii = nodes.map(({ radius }) => radius);
  return radii.includes(null) ? null : Math.max(...(radii as number[]));
}

/** From [k0, k1, k2, in, out] to [out, in, k0, k1, k2], or [out, in, k2, k1, k0] when reversed. */
function onnxKernel(
  data: Float32Array,
  [k0, k1, k2]: readonly [number, number, number],
  channels: number,
  filters: number,
  reversed: boolean,
): Float32Array {
  const out = new Float32Array(data.length);
  let from = 0;
  for (let a = 0; a < k0; a++) {
    for (let b = 0; b < k1; b++) {
      for (let c = 0; c < k2; c++) {
        const tap = reversed ? (c * k1 + b) * k0 + a : (a * k1 + b) * k2 + c;
        for (let i = 0; i < channels; i++) {
          for (let o = 0; o < filters; o++) out[(o * channels + i) * k0 * k1 * k2 + tap] = data[from++]!;
        }
      }
    }
  }
  return out;
}
