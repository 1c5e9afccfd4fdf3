/** The operations of networks on flat images. */
import type { Attributes } from "../../onnx/attributes.js";
import type { GraphBuilder, Value } from "../../onnx/graph-builder.js";
import { blockChannels, blockWeights } from "./blocked-weights.js";
import { BLOCKED, type FlatImage, filled, type Grid, rowsOf } from "./flat-image.js";

export type Three = readonly [number, number, number];

/** What a convolution applies at its end. */
export type Finish = { kind: "none" } | { kind: "relu" } | { kind: "leakyRelu"; slope: number };

/** Numbers [outputs, inputs, ...kernel] and one a channel. */
export interface ConvolutionWeights {
  weight: Float32Array;
  bias: Float32Array | null;
  outputs: number;
  kernel: Three;
}

function finishAttributes(finish: Finish): Attributes {
  if (finish.kind === "none") return {};
  if (finish.kind === "relu") return { activation: { string: "Relu" } };
  return { activation: { string: "LeakyRelu" }, activation_params: { floats: [finish.slope] } };
}

export class BlockedGraph {
  readonly graph: GraphBuilder;
  readonly block: number;
  /** Rows of zeros after each slice: 1, or 0 for images of one slice. */
  readonly #gap: 0 | 1;

  constructor(graph: GraphBuilder, block: number, gap: 0 | 1) {
    this.graph = graph;
    this.block = block;
    this.#gap = gap;
  }

  /** [1, channels, depth, height, width] of few channels. */
  input(value: Value, channels: number, [depth, height, width]: Three): FlatImage {
    const { graph } = this;
    const pitch = height + this.#gap;
    const spaced = this.#gap === 0 ? value : graph.pad(value, [0, 0, 0, 0, 0, 0, 0, 0, this.#gap, 0]);
    const flat = graph.reshape(spaced, [1, channels, depth * pitch, width]);
    return { value: flat, channels, depth, height, width, pitch, clean: true, blocked: false };
  }

  /** As `input`, with its channels, a multiple of the block, in blocks. */
  arranged(value: Value, channels: number, extents: Three): FlatImage {
    const x = this.input(value, channels, extents);
    return { ...x, value: this.graph.node("ReorderInput", [x.value], {}, BLOCKED), blocked: true };
  }

  /** [1, channels, depth, height, width] */
  output(x: FlatImage): Value {
    const { graph } = this;
    const { channels, depth, height, width, pitch } = x;
    const plain = graph.node("ReorderOutput", [x.value], { channels: { int: channels } }, BLOCKED);
    const spaced = graph.reshape(plain, [1, channels, depth, pitch, width]);
    return pitch === height ? spaced : graph.slice(spaced, [0], [height], [3]);
  }

  /** The same image with zeros in the separating rows; ONNX Runtime writes them in place. */
  cleaned(x: FlatImage): FlatImage {
    if (x.clean || x.pitch === x.height) return { ...x, clean: true };
    const { graph, block } = this;
    const { depth, height, pitch, width } = x;
    const slices = (filled(x.channels, block) / block) * depth;
    const places: number[] = [];
    for (let slice = 0; slice < slices; slice++) {
      for (let row = height; row < pitch; row++) places.push(slice, row);
    }
    const count = places.length / 2;
    const indices = graph.reshape(graph.ints(places), [count, 2]);
    const zeros = graph.node("Expand", [graph.scalar(0), graph.ints([count, width * block])]);
    const data = graph.reshape(x.value, [slices, pitch, width * block]);
    const value = graph.node("ScatterND", [data, indices, zeros]);
    return { ...x, value: this.#image(value, x.channels, x), clean: true };
  }

  /** Whether images are of slices one under the other. */
  get sliced(): boolean {
    return this.#gap > 0;
  }

  #image(value: Value, channels: number, grid: Grid): Value {
    return this.graph.reshape(value, [1, filled(channels, this.block), rowsOf(grid), grid.width]);
  }

  /** As [blocks, depth, pitch, width · block]. */
  #slices(x: FlatImage): Value {
    const { graph, block } = this;
    return graph.reshape(x.value, [filled(x.channels, block) / block, x.depth, x.pitch, x.width * block]);
  }

  /**
   * Convolution of the channels of all `parts` together, with pads that keep the extent and odd kernels. Sums over
   * the taps above, at and below a row are convolutions of their own, as are those over the parts; each adds to the
   * one before.
   */
  conv(
    parts: readonly FlatImage[],
    { weight, bias, outputs, kernel }: ConvolutionWeights,
    { strides, dilations }: { strides: Three; dilations: Three },
    addTo: Value | null = null,
  ): FlatImage {
    const { graph, block } = this;
    const [kd, kh, kw] = kernel;
    const { depth, height, width, pitch } = parts[0]!;
    const inputs = parts.reduce((sum, { channels }) => sum + channels, 0);
    const reach = kernel.map((k, axis) => ((k - 1) / 2) * dilations[axis]!);
    // Rows can be skipped at once where slices are skipped alike (slice d then begins at row d · pitch again) or
    // the pitch divides; else they are taken out afterwards.
    const alike = strides[0] === strides[1];
    const divides = strides[0] === 1 && pitch % strides[1] === 0;
    const rowStride = alike || divides ? strides[1] : 1;
    // Taps of one call: those of different slices (a row dilation of the pitch), or of different rows.
    const acrossSlices = kd > 1;
    const calls = acrossSlices ? kh : 1;
    let sum = addTo;
    let first = 0;
    for (const [p, part] of parts.entries()) {
      const x = kh > 1 ? this.cleaned(part) : part;
      for (let call = 0; call < calls; call++) {
        const rows = acrossSlices ? kd : kh;
        const blocked = blockWeights(
          outputs,
          part.channels,
          [rows, kw],
          block,
          part.blocked,
          (o, i, row, k) => {
            const tap = acrossSlices ? row * kh + call : row;
            return weight[((o * inputs + first + i) * kd * kh + tap) * kw + k]!;
          },
        );
        const rowDilation = acrossSlices ? dilations[0] * pitch : dilations[1];
        const shift = acrossSlices ? reach[1]! - call * dilations[1] : 0;
        const rowReach = ((rows - 1) / 2) * rowDilation;
        const last = p === parts.length - 1 && call === calls - 1;
        const constant = last && bias ? this.#constant(blockChannels(bias, block)) : null;
        sum = graph.node(
          "Conv",
          [x.value, this.#weights(blocked.data, blocked.dims), constant, ...(sum === null ? [] : [sum])],
          {
            kernel_shape: { ints: [rows, kw] },
            dilations: { ints: [rowDilation, dilations[2]] },
            strides: { ints: [rowStride, strides[2]] },
            pads: { ints: [rowReach + shift, reach[2]!, rowReach - shift, reach[2]!] },
            group: { int: 1 },
          },
          BLOCKED,
        );
      }
      first += part.channels;
    }
    const rest: readonly [number, number] = rowStride > 1 ? [1, 1] : [strides[0], strides[1]];
    const y: FlatImage = {
      value: sum!,
      channels: outputs,
      depth: alike ? depth / rowStride : depth,
      height: height / rowStride,
      width: Math.ceil(width / strides[2]),
      pitch: alike ? pitch : pitch / rowStride,
      clean: false,
      blocked: true,
    };
    return this.#thinned(y, ...rest);
  }

  #constant(data: Float32Array): Value {
    return this.graph.constant({ type: "float32", dims: [data.length], data });
  }

  #weights(data: Float32Array, dims: readonly number[]): Value {
    return this.graph.constant({ type: "float32", dims, data });
  }

  /** Every so many slices and rows, closed up to the pitch of the new height. */
  #thinned(x: FlatImage, slices: number, rows: number): FlatImage {
    const { graph } = this;
    const depth = Math.ceil(x.depth / slices);
    const height = Math.ceil(x.height / rows);
    const pitch = height + this.#gap;
    if (slices === 1 && rows === 1 && pitch === x.pitch) return x;
    const taken = graph.slice(
      this.#slices(x),
      [0, 0],
      [(depth - 1) * slices + 1, (pitch - 1) * rows + 1],
      [1, 2],
      [slices, rows],
    );
    const grid = { depth, height, width: x.width, pitch };
    return { ...x, ...grid, value: this.#image(taken, x.channels, grid), clean: false };
  }

  /** finish(factor · x + term + addTo), `factor` and `term` with a number a channel. */
  scaled(x: FlatImage, factor: Value, term: Value, finish: Finish, addTo: Value | null = null): FlatImage {
    const channels = filled(x.channels, this.block);
    const weights = this.graph.reshape(factor, [channels, 1, 1, 1]);
    const value = this.graph.node(
      "Conv",
      [x.value, weights, term, ...(addTo === null ? [] : [addTo])],
      { kernel_shape: { ints: [1, 1] }, group: { int: channels }, ...finishAttributes(finish) },
      BLOCKED,
    );
    return { ...x, value, clean: false };
  }

  /** Mean of every channel without the separating rows, [channels]: along rows, then slices, then depth. */
  mean(x: FlatImage): Value {
    const pool = (value: Value, kernel: readonly [number, number], strides: readonly [number, number]) =>
      this.graph.node(
        "AveragePool",
        [value],
        { kernel_shape: { ints: kernel }, strides: { ints: strides }, count_include_pad: { int: 0 } },
        BLOCKED,
      );
    const alongRows = pool(x.value, [1, x.width], [1, 1]);
    const ofSlices = pool(alongRows, [x.height, 1], [x.pitch, 1]);
    const mean = pool(ofSlices, [x.depth, 1], [1, 1]);
    return this.graph.reshape(mean, [filled(x.channels, this.block)]);
  }

  /** x less its mean, and what it must be multiplied by for a variance of 1, [channels]. */
  standardised(x: FlatImage, epsilon: number): { centred: FlatImage; factor: Value } {
    const { graph } = this;
    const ones = this.#constant(new Float32Array(filled(x.channels, this.block)).fill(1));
    const centred = this.scaled(x, ones, graph.map("Neg", this.mean(x)), { kind: "none" });
    const squares = { ...centred, value: graph.mul(centred.value, centred.value) };
    const deviation = graph.map("Sqrt", graph.add(this.mean(squares), graph.scalar(epsilon)));
    return { centred, factor: graph.map("Reciprocal", deviation) };
  }

  /** A constant a channel; channels that fill the block are 0. */
  channelConstant(values: ArrayLike<number>): Value {
    return this.#constant(blockChannels(values, this.block));
  }

  add(a: FlatImage, b: FlatImage): FlatImage {
    return { ...a, value: this.graph.add(a.value, b.value), clean: a.clean && b.clean };
  }

  finished(x: FlatImage, finish: Finish): FlatImage {
    if (finish.kind === "none") return x;
    const { graph } = this;
    const value = finish.kind === "relu" ? graph.relu(x.value) : graph.leakyRelu(x.value, finish.slope);
    return { ...x, value };
  }

  /** Means of blocks of `kernel` voxels. */
  averagePool(x: FlatImage, kernel: Three): FlatImage {
    const { graph } = this;
    const [kd, kh, kw] = kernel;
    // At every row the mean of the rows from it on; those wanted are taken out after.
    const value = graph.node(
      "AveragePool",
      [x.value],
      {
        kernel_shape: { ints: [kh, kw] },
        strides: { ints: [1, kw] },
        pads: { ints: [0, 0, kh - 1, 0] },
        count_include_pad: { int: 1 },
      },
      BLOCKED,
    );
    const pooled = this.#thinned({ ...x, value, width: x.width / kw, clean: false }, 1, kh);
    if (kd === 1) return pooled;
    const { depth, height, width } = pooled;
    const blocks = filled(x.channels, this.block) / this.block;
    const pairs = graph.reshape(pooled.value, [blocks, depth / kd, kd, pooled.pitch * width * this.block]);
    const grid = { depth: depth / kd, height, width, pitch: pooled.pitch };
    const thick: FlatImage = { ...pooled, ...grid, value: graph.reduce("Mean", pairs, [2]) };
    return this.#thinned({ ...thick, value: this.#image(thick.value, x.channels, grid) }, 1, 1);
  }

  /**
   * Transposed convolution whose kernel is its stride: every voxel becomes a block of voxels. `weight`
   * [inputs, outputs, ...kernel].
   */
  enlarged(parts: readonly FlatImage[], { weight, bias, outputs, kernel }: ConvolutionWeights): FlatImage {
    const { graph, block } = this;
    const { depth, height, width, pitch } = parts[0]!;
    const [kd, kh, kw] = kernel;
    const taps = kd * kh * kw;
    const wide = filled(outputs, block);
    const inputs = parts.reduce((sum, { channels }) => sum + channels, 0);
    // One channel for every voxel of the block and output: [taps, outputs] as outputs of a 1x1x1 convolution.
    const point = new Float32Array(taps * wide * inputs);
    const terms = new Float32Array(taps * wide);
    for (let tap = 0; tap < taps; tap++) {
      for (let o = 0; o < outputs; o++) {
        terms[tap * wide + o] = bias?.[o] ?? 0;
        for (let i = 0; i < inputs; i++) {
          point[(tap * wide + o) * inputs + i] = weight[(i * outputs + o) * taps + tap]!;
        }
      }
    }
    const one: Three = [1, 1, 1];
    const y = this.conv(
      parts,
      { weight: point, bias: bias && terms, outputs: taps * wide, kernel: one },
      { strides: one, dilations: one },
    );
    const blocks = wide / block;
    const split = graph.reshape(y.value, [kd, kh, kw, blocks, depth, pitch, width, block]);
    const value = graph.transpose(split, [3, 4, 0, 5, 1, 6, 2, 7]);
    const grid = { depth: depth * kd, height: height * kh, width: width * kw, pitch: pitch * kh };
    const image = this.#image(value, outputs, grid);
    return this.#thinned({ ...grid, value: image, channels: outputs, clean: false, blocked: true }, 1, 1);
  }
}
