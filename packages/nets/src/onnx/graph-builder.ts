/**
 * Builds an ONNX model (https://onnx.ai/onnx/, IR version 9, opset 20 unless asked otherwise) node by node.
 * A `Value` names the output of a node; operator helpers take and give values. Weights that shall be trained
 * are graph inputs (`input`), fixed ones initialisers (`weights`).
 */
import { failedError } from "@viscera/core";
import { ELEMENT_BYTES, ELEMENT_CODES, type ElementType, elementCount, type Tensor } from "../tensor.js";
import { type Attributes, writeAttribute } from "./attributes.js";
import { ProtoWriter } from "./protobuf.js";

declare const valueBrand: unique symbol;
/** Name of a value in the graph under construction. */
export type Value = string & { readonly [valueBrand]: true };

/** A fixed extent, or the name of one that is known at run time only. */
export type Dimension = number | string;

export interface NodeOptions {
  /** Number of outputs; default 1. */
  outputs?: number;
  /** Operator set the operator is from; default the standard one. */
  domain?: string;
}

/** Pads of a convolution or pooling: one number at every side, or ONNX's list (all begins, then all ends). */
export type Pads = number | readonly number[];

export interface ConvOptions {
  /** Extents of the kernel, one an axis. */
  kernel: readonly number[];
  strides?: readonly number[];
  dilations?: readonly number[];
  pads?: Pads;
  groups?: number;
}

/** Klambauer et al., "Self-normalizing neural networks", arXiv:1706.02515. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** Model size that protocol buffers can hold. */
const LARGEST_MODEL = 2 ** 31 - 1;

export class GraphBuilder {
  readonly opset: number;
  readonly #name: string;
  readonly #nodes: ProtoWriter[] = [];
  readonly #inputs: ProtoWriter[] = [];
  readonly #outputs: ProtoWriter[] = [];
  readonly #initialisers: ProtoWriter[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #domains = new Set<string>();
  readonly #names = new Set<string>();
  #counter = 0;

  constructor({ name = "graph", opset = 20 }: { name?: string; opset?: number } = {}) {
    this.#name = name;
    this.opset = opset;
  }

  #claim(name: string): Value {
    if (this.#names.has(name)) {
      throw failedError("graph", `The name "${name}" is used twice in the graph "${this.#name}".`);
    }
    this.#names.add(name);
    return name as Value;
  }

  #fresh(stem: string): Value {
    let name: string;
    do {
      name = `${stem}_${this.#counter++}`;
    } while (this.#names.has(name));
    return this.#claim(name);
  }

  /** A graph input, fed at every run. */
  input(name: string, type: ElementType, dims: readonly Dimension[]): Value {
    const value = this.#claim(name);
    this.#inputs.push(valueInfo(name, type, dims));
    return value;
  }

  /** Gives `value` as the graph output `name`. */
  output(value: Value, name: string, type: ElementType, dims: readonly Dimension[]): void {
    this.#claim(name);
    this.#nodes.push(
      new ProtoWriter().string(1, value).string(2, name).string(3, `output_${name}`).string(4, "Identity"),
    );
    this.#outputs.push(valueInfo(name, type, dims));
  }

  /** A constant tensor stored in the model; its data are copied when the model is built. */
  initialiser(name: string, tensor: Tensor): Value {
    const value = this.#claim(name);
    this.#initialisers.push(tensorProto(name, tensor));
    return value;
  }

  /** Float32 weights stored in the model. */
  weights(name: string, data: Float32Array, dims: readonly number[]): Value {
    return this.initialiser(name, { type: "float32", dims, data });
  }

  /** A constant tensor under a name of its own. */
  constant(tensor: Tensor): Value {
    const value = this.#fresh("constant");
    this.#initialisers.push(tensorProto(value, tensor));
    return value;
  }

  #constant(key: string, make: () => Tensor): Value {
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = this.constant(make());
      this.#constants.set(key, value);
    }
    return value;
  }

  /** A list of int64 (axes, shapes, pads); equal ones are stored once. */
  ints(values: readonly number[]): Value {
    return this.#constant(`ints ${values.join()}`, () => ({
      type: "int64",
      dims: [values.length],
      data: BigInt64Array.from(values, BigInt),
    }));
  }

  /** A list of float32; equal ones are stored once. */
  floats(values: readonly number[]): Value {
    return this.#constant(`floats ${values.join()}`, () => ({
      type: "float32",
      dims: [values.length],
      data: Float32Array.from(values),
    }));
  }

  /** A float32 number; equal ones are stored once. */
  scalar(value: number): Value {
    return this.#constant(`scalar ${Object.is(value, -0) ? "-0" : value}`, () => ({
      type: "float32",
      dims: [],
      data: Float32Array.of(value),
    }));
  }

  /** Any operator. A `null` input leaves an optional one out. */
  nodes(
    operator: string,
    inputs: readonly (Value | null)[],
    attributes: Attributes = {},
    { outputs = 1, domain = "" }: NodeOptions = {},
  ): Value[] {
    const values = Array.from({ length: outputs }, () => this.#fresh(operator.toLowerCase()));
    const node = new ProtoWriter();
    for (const name of inputs) node.string(1, name ?? "");
    for (const name of values) node.string(2, name);
    node.string(3, `${operator}_${this.#nodes.length}`).string(4, operator);
    for (const [name, attribute] of Object.entries(attributes)) {
      if (attribute !== undefined) node.message(5, writeAttribute(name, attribute));
    }
    if (domain) {
      node.string(7, domain);
      this.#domains.add(domain);
    }
    this.#nodes.push(node);
    return values;
  }

  /** Any operator of one output. */
  node(operator: string, inputs: readonly (Value | null)[], attributes: Attributes = {}, domain = ""): Value {
    return this.nodes(operator, inputs, attributes, { domain })[0]!;
  }

  /** Convolution of `x` [N, C, ...] by `weights` [M, C/groups, ...kernel]. */
  conv(x: Value, weights: Value, bias: Value | null, options: ConvOptions): Value {
    return this.node("Conv", bias === null ? [x, weights] : [x, weights, bias], convAttributes(options));
  }

  /** Transposed convolution of `x` [N, C, ...] by `weights` [C, M/groups, ...kernel]. */
  convTranspose(x: Value, weights: Value, bias: Value | null, options: ConvOptions): Value {
    return this.node(
      "ConvTranspose",
      bias === null ? [x, weights] : [x, weights, bias],
      convAttributes(options),
    );
  }

  /**
   * Normalises every sample and channel over space; `scale` and `shift` are [C]. Sums all voxels in single
   * precision in one go, which is off by 0.005 on 256^3 voxels: use `spatialNorm` for whole volumes.
   */
  instanceNorm(x: Value, scale: Value, shift: Value, epsilon = 1e-5): Value {
    return this.node("InstanceNormalization", [x, scale, shift], { epsilon: { float: epsilon } });
  }

  /**
   * Every sample and channel of x [N, C, d0, d1, d2] less its mean, divided by its standard deviation. The
   * means are taken axis by axis, which keeps seven digits on 256^3 voxels.
   */
  spatialNorm(x: Value, epsilon = 1e-5): Value {
    const mean = (value: Value) => [4, 3, 2].reduce((v, axis) => this.reduce("Mean", v, [axis]), value);
    const centred = this.sub(x, mean(x));
    const variance = mean(this.mul(centred, centred));
    return this.div(centred, this.map("Sqrt", this.add(variance, this.scalar(epsilon))));
  }

  /** Normalises by stored statistics; every other input is [C]. */
  batchNorm(x: Value, scale: Value, shift: Value, mean: Value, variance: Value, epsilon = 1e-5): Value {
    return this.node("BatchNormalization", [x, scale, shift, mean, variance], {
      epsilon: { float: epsilon },
    });
  }

  relu(x: Value): Value {
    return this.node("Relu", [x]);
  }

  leakyRelu(x: Value, slope = 0.01): Value {
    return this.node("LeakyRelu", [x], { alpha: { float: slope } });
  }

  /** `slope` broadcasts from the right: [C, 1, 1, 1] for one slope a channel. */
  prelu(x: Value, slope: Value): Value {
    return this.node("PRelu", [x, slope]);
  }

  /**
   * x where it is positive, else alpha · (e^x - 1). Written with Exp, for ONNX Runtime's own Elu gives other
   * last bits with another number of threads, and is slower.
   */
  elu(x: Value, alpha = 1): Value {
    const lower = this.sub(this.map("Exp", this.node("Min", [x, this.scalar(0)])), this.scalar(1));
    // For alpha 1 the larger of both is right on either side of 0.
    if (alpha === 1) return this.node("Max", [x, lower]);
    return this.add(this.relu(x), this.mul(lower, this.scalar(alpha)));
  }

  selu(x: Value): Value {
    return this.mul(this.elu(x, SELU_ALPHA), this.scalar(SELU_SCALE));
  }

  /** Exact form, by the error function; `tanh` asks for the usual approximation. Needs opset 20. */
  gelu(x: Value, approximate: "none" | "tanh" = "none"): Value {
    return this.node("Gelu", [x], { approximate: { string: approximate } });
  }

  sigmoid(x: Value): Value {
    return this.node("Sigmoid", [x]);
  }

  tanh(x: Value): Value {
    return this.node("Tanh", [x]);
  }

  softmax(x: Value, axis: number): Value {
    return this.node("Softmax", [x], { axis: { int: axis } });
  }

  logSoftmax(x: Value, axis: number): Value {
    return this.node("LogSoftmax", [x], { axis: { int: axis } });
  }

  add(a: Value, b: Value): Value {
    return this.node("Add", [a, b]);
  }

  sub(a: Value, b: Value): Value {
    return this.node("Sub", [a, b]);
  }

  mul(a: Value, b: Value): Value {
    return this.node("Mul", [a, b]);
  }

  div(a: Value, b: Value): Value {
    return this.node("Div", [a, b]);
  }

  matMul(a: Value, b: Value): Value {
    return this.node("MatMul", [a, b]);
  }

  /** alpha · a' · b' + beta · c, with a and b transposed where asked. */
  gemm(
    a: Value,
    b: Value,
    c: Value | null = null,
    { transA = false, transB = false, alpha = 1, beta = 1 } = {},
  ): Value {
    return this.node("Gemm", c === null ? [a, b] : [a, b, c], {
      transA: { int: Number(transA) },
      transB: { int: Number(transB) },
      alpha: { float: alpha },
      beta: { float: beta },
    });
  }

  /** One of the elementwise functions of one argument. */
  map(operator: "Sqrt" | "Exp" | "Log" | "Neg" | "Abs" | "Reciprocal" | "Sign" | "Erf", x: Value): Value {
    return this.node(operator, [x]);
  }

  concat(values: readonly Value[], axis = 1): Value {
    return this.node("Concat", values, { axis: { int: axis } });
  }

  reshape(x: Value, dims: readonly number[]): Value {
    return this.node("Reshape", [x, this.ints(dims)]);
  }

  transpose(x: Value, order: readonly number[]): Value {
    return this.node("Transpose", [x], { perm: { ints: order } });
  }

  /** Elements from `starts` to before `ends` of the given axes. */
  slice(
    x: Value,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[],
    steps?: readonly number[],
  ): Value {
    const inputs = [x, this.ints(starts), this.ints(ends), this.ints(axes)];
    return this.node("Slice", steps ? [...inputs, this.ints(steps)] : inputs);
  }

  /** Pads every axis of `x`; `pads` lists all begins, then all ends. */
  pad(x: Value, pads: readonly number[], mode: "constant" | "edge" | "reflect" = "constant"): Value {
    return this.node("Pad", [x, this.ints(pads)], { mode: { string: mode } });
  }

  /** Enlarges by a factor an axis (1 for batch and channels). Linear uses half-pixel centres, as torch does. */
  resize(x: Value, scales: readonly number[], mode: "nearest" | "linear"): Value {
    return this.node("Resize", [x, null, this.floats(scales)], {
      mode: { string: mode },
      coordinate_transformation_mode: { string: mode === "nearest" ? "asymmetric" : "half_pixel" },
      nearest_mode: { string: "floor" },
    });
  }

  maxPool(x: Value, options: ConvOptions): Value {
    return this.node("MaxPool", [x], convAttributes(options));
  }

  averagePool(x: Value, options: ConvOptions): Value {
    return this.node("AveragePool", [x], convAttributes(options));
  }

  /** Mean, sum or maximum over axes. */
  reduce(kind: "Mean" | "Sum" | "Max", x: Value, axes: readonly number[], keepDims = true): Value {
    return this.node(`Reduce${kind}`, [x, this.ints(axes)], { keepdims: { int: Number(keepDims) } });
  }

  /** Index of the largest along an axis (the first of equals), int64. */
  argMax(x: Value, axis: number, keepDims = false): Value {
    return this.node("ArgMax", [x], { axis: { int: axis }, keepdims: { int: Number(keepDims) } });
  }

  cast(x: Value, type: ElementType): Value {
    return this.node("Cast", [x], { to: { int: ELEMENT_CODES[type] } });
  }

  /** The model's bytes (ModelProto). Throws `failed.graph` beyond the 2 GB that the format can hold. */
  build(): Uint8Array {
    const graph = new ProtoWriter();
    for (const node of this.#nodes) graph.message(1, node);
    graph.string(2, this.#name);
    for (const tensor of this.#initialisers) graph.message(5, tensor);
    for (const info of this.#inputs) graph.message(11, info);
    for (const info of this.#outputs) graph.message(12, info);
    const model = new ProtoWriter().int(1, 9).string(2, "viscera").message(7, graph);
    model.message(8, new ProtoWriter().string(1, "").int(2, this.opset));
    for (const domain of this.#domains) model.message(8, new ProtoWriter().string(1, domain).int(2, 1));
    if (model.length > LARGEST_MODEL) {
      throw failedError(
        "graph",
        `The model would have ${model.length} bytes; an ONNX file holds at most 2 GB.`,
      );
    }
    return model.finish();
  }
}

function convAttributes({ kernel, strides, dilations, pads, groups }: ConvOptions): Attributes {
  return {
    kernel_shape: { ints: kernel },
    strides: strides && { ints: strides },
    dilations: dilations && { ints: dilations },
    pads:
      pads === undefined
        ? undefined
        : { ints: typeof pads === "number" ? new Array<number>(2 * kernel.length).fill(pads) : pads },
    group: groups === undefined ? undefined : { int: groups },
  };
}

function valueInfo(name: string, type: ElementType, dims: readonly Dimension[]): ProtoWriter {
  const shape = new ProtoWriter();
  for (const dim of dims) {
    const entry = new ProtoWriter();
    shape.message(1, typeof dim === "number" ? entry.int(1, dim) : entry.string(2, dim));
  }
  const tensorType = new ProtoWriter().int(1, ELEMENT_CODES[type]).message(2, shape);
  return new ProtoWriter().string(1, name).message(2, new ProtoWriter().message(1, tensorType));
}

/** TensorProto with the numbers as raw little-endian bytes, taken by reference. */
export function tensorProto(name: string, { type, dims, data }: Tensor): ProtoWriter {
  if (data.length !== elementCount(dims) || data.BYTES_PER_ELEMENT !== ELEMENT_BYTES[type]) {
    throw failedError(
      "graph",
      `The tensor "${name}" of ${type} [${dims.join(", ")}] cannot hold ${data.length} numbers of ${data.BYTES_PER_ELEMENT} bytes.`,
    );
  }
  const proto = new ProtoWriter();
  for (const n of dims) proto.int(1, n);
  return proto
    .int(2, ELEMENT_CODES[type])
    .string(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
