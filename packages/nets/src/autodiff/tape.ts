/**
 * Reverse-mode differentiation over a graph under construction (Griewank & Walther, "Evaluating derivatives",
 * doi:10.1137/1.9780898717761): every operation on a `Variable` adds its nodes and remembers how a gradient of
 * its result becomes gradients of its inputs; `gradients` walks back and adds the nodes that compute them.
 * Everything is plain ONNX, so one graph holds forward pass, loss, gradients and optimiser.
 */
import { failedError } from "@viscera/core";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { type ElementType, elementCount } from "../tensor.js";
import * as activations from "./activations.js";
import { attention } from "./attention.js";
import { shapeText, zeros } from "./broadcasting.js";
import * as convolution from "./convolution.js";
import * as elementwise from "./elementwise.js";
import { type InterpolateOptions, type InterpolateTarget, interpolate } from "./interpolate.js";
import { matMul } from "./matrix-product.js";
import * as norms from "./norms.js";
import * as pooling from "./pooling.js";
import * as reductions from "./reductions.js";
import * as shape from "./shape.js";

/** A float32 tensor of known extents in the graph. */
export interface Variable {
  readonly value: Value;
  readonly dims: readonly number[];
  /** Whether it is, or depends on, a trainable parameter. */
  readonly needsGradient: boolean;
}

/**
 * From the gradient of an operation's result to those of its inputs, one function an input, called only where
 * that gradient is needed. Each gives a value of exactly the input's extents.
 */
export type Backward = (gradient: Value) => readonly (() => Value)[];

interface Operation {
  readonly inputs: readonly Variable[];
  readonly output: Variable;
  readonly backward: Backward;
}

export class Tape {
  readonly graph: GraphBuilder;
  readonly #operations: Operation[] = [];

  constructor(graph: GraphBuilder) {
    this.graph = graph;
  }

  /** A graph input without a gradient. */
  input(name: string, dims: readonly number[], type: ElementType = "float32"): Variable {
    return this.wrap(this.graph.input(name, type, dims), dims);
  }

  /** A graph input whose gradient can be asked for, unless it is frozen (`trainable: false`). */
  parameter(name: string, dims: readonly number[], { trainable = true } = {}): Variable {
    return { value: this.graph.input(name, "float32", dims), dims, needsGradient: trainable };
  }

  /** A number, of extents []. */
  constant(value: number): Variable {
    return this.wrap(this.graph.scalar(value), []);
  }

  /** A value of the graph as a variable into which no gradient flows. */
  wrap(value: Value, dims: readonly number[]): Variable {
    return { value, dims, needsGradient: false };
  }

  /** A value that depends on `inputs`, with the rule for its gradient. How new layers are written. */
  record(value: Value, dims: readonly number[], inputs: readonly Variable[], backward: Backward): Variable {
    const output = { value, dims, needsGradient: inputs.some((input) => input.needsGradient) };
    if (output.needsGradient) this.#operations.push({ inputs, output, backward });
    return output;
  }

  /**
   * d `loss` / d each of `of`, zeros where the loss does not depend on it. Nodes are added only for what lies
   * between them: nothing is computed for frozen layers before the first trainable one, nor for the image.
   * Throws `failed.graph` when the loss is more than one number.
   */
  gradients(loss: Variable, of: readonly Variable[]): Variable[] {
    const { graph } = this;
    if (elementCount(loss.dims) !== 1) {
      throw failedError("graph", `A loss is one number; this one is ${shapeText(loss.dims)}.`);
    }
    const between = new Set<Variable>(of);
    for (const { inputs, output } of this.#operations) {
      if (inputs.some((input) => between.has(input))) between.add(output);
    }
    const gradients = new Map<Variable, Value>();
    if (between.has(loss)) gradients.set(loss, graph.reshape(graph.scalar(1), loss.dims));
    for (const { inputs, output, backward } of this.#operations.toReversed()) {
      const gradient = gradients.get(output);
      if (gradient === undefined) continue;
      const rules = backward(gradient);
      inputs.forEach((input, i) => {
        if (!between.has(input)) return;
        const part = rules[i]!();
        const others = gradients.get(input);
        gradients.set(input, others === undefined ? part : graph.add(others, part));
      });
    }
    return of.map((variable) =>
      this.wrap(gradients.get(variable) ?? zeros(graph, variable.dims), variable.dims),
    );
  }

  /** Those of the variables on which `loss` depends, by a way that gradients take. */
  reached(loss: Variable, of: readonly Variable[]): Variable[] {
    const behind = new Set<Variable>([loss]);
    for (const { inputs, output } of this.#operations.toReversed()) {
      if (behind.has(output)) for (const input of inputs) behind.add(input);
    }
    return of.filter((variable) => behind.has(variable));
  }

  /** The same value, through which no gradient flows. */
  stopGradient(x: Variable): Variable {
    return this.wrap(x.value, x.dims);
  }

  // Elementwise, broadcasting as ONNX does.

  add(a: Variable, b: Variable): Variable {
    return elementwise.add(this, a, b);
  }

  sub(a: Variable, b: Variable): Variable {
    return elementwise.sub(this, a, b);
  }

  mul(a: Variable, b: Variable): Variable {
    return elementwise.mul(this, a, b);
  }

  div(a: Variable, b: Variable): Variable {
    return elementwise.div(this, a, b);
  }

  neg(x: Variable): Variable {
    return elementwise.neg(this, x);
  }

  exp(x: Variable): Variable {
    return elementwise.exp(this, x);
  }

  log(x: Variable): Variable {
    return elementwise.log(this, x);
  }

  sqrt(x: Variable): Variable {
    return elementwise.sqrt(this, x);
  }

  square(x: Variable): Variable {
    return elementwise.square(this, x);
  }

  /** The gradient at 0 is 0. */
  abs(x: Variable): Variable {
    return elementwise.abs(this, x);
  }

  /** The smaller of x and a number; the gradient passes where x is kept, also where both are equal. */
  minimum(x: Variable, bound: number): Variable {
    return elementwise.minimum(this, x, bound);
  }

  /** The larger of x and a number; the gradient passes where x is kept, also where both are equal. */
  maximum(x: Variable, bound: number): Variable {
    return elementwise.maximum(this, x, bound);
  }

  /** `a` where the boolean `condition` (of extents that broadcast to those of `a` and `b`) holds, else `b`. */
  where(condition: Value, a: Variable, b: Variable): Variable {
    return elementwise.where(this, condition, a, b);
  }

  // Reductions. Negative axes count from the last.

  reduceSum(x: Variable, axes: readonly number[], keepDims = true): Variable {
    return reductions.reduceSum(this, x, axes, keepDims);
  }

  reduceMean(x: Variable, axes: readonly number[], keepDims = true): Variable {
    return reductions.reduceMean(this, x, axes, keepDims);
  }

  /** The gradient goes to the largest element, in equal parts where several are equal. */
  reduceMax(x: Variable, axes: readonly number[], keepDims = true): Variable {
    return reductions.reduceMax(this, x, axes, keepDims);
  }

  softmax(x: Variable, axis: number): Variable {
    return reductions.softmax(this, x, axis);
  }

  logSoftmax(x: Variable, axis: number): Variable {
    return reductions.logSoftmax(this, x, axis);
  }

  // Shape.

  reshape(x: Variable, dims: readonly number[]): Variable {
    return shape.reshape(this, x, dims);
  }

  transpose(x: Variable, order: readonly number[]): Variable {
    return shape.transpose(this, x, order);
  }

  /** Elements from `starts` to before `ends` of the given axes, as ONNX's Slice (negative counts from the end). */
  slice(
    x: Variable,
    starts: readonly number[],
    ends: readonly number[],
    axes: readonly number[],
    steps?: readonly number[],
  ): Variable {
    return shape.slice(this, x, starts, ends, axes, steps);
  }

  concat(xs: readonly Variable[], axis: number): Variable {
    return shape.concat(this, xs, axis);
  }

  /** Zeros around x; `pads` lists all begins, then all ends, of every axis; negative ones crop. */
  pad(x: Variable, pads: readonly number[]): Variable {
    return shape.pad(this, x, pads);
  }

  /** Product of matrices [..., M, K] and [..., K, N]; the leading extents broadcast. */
  matMul(a: Variable, b: Variable): Variable {
    return matMul(this, a, b);
  }

  // Layers over x [N, C, ...space].

  /** Convolution by `weights` [M, C / groups, ...kernel] and `bias` [M]. */
  conv(
    x: Variable,
    weights: Variable,
    bias: Variable | null,
    options: convolution.ConvolutionOptions = {},
  ): Variable {
    return convolution.conv(this, x, weights, bias, options);
  }

  /** Transposed convolution by `weights` [C, M / groups, ...kernel] and `bias` [M]. */
  convTranspose(
    x: Variable,
    weights: Variable,
    bias: Variable | null,
    options: convolution.TransposedConvolutionOptions = {},
  ): Variable {
    return convolution.convTranspose(this, x, weights, bias, options);
  }

  /** Every sample and channel by its own mean and (biased) variance over space; `scale`, `shift` [C]. */
  instanceNorm(x: Variable, scale: Variable | null, shift: Variable | null, eps = 1e-5): Variable {
    return norms.instanceNorm(this, x, scale, shift, eps);
  }

  /** Every sample and group of channels by its own mean and variance; `scale`, `shift` [C]. */
  groupNorm(
    x: Variable,
    groups: number,
    scale: Variable | null,
    shift: Variable | null,
    eps = 1e-5,
  ): Variable {
    return norms.groupNorm(this, x, groups, scale, shift, eps);
  }

  /** Over the last axis; `scale`, `shift` of its extent. */
  layerNorm(x: Variable, scale: Variable | null, shift: Variable | null, eps = 1e-5): Variable {
    return norms.layerNorm(this, x, scale, shift, eps);
  }

  /**
   * Every channel by its mean and biased variance over the batch and space; `scale`, `shift` [C]. `mean` and
   * `variance` [C] are those of this batch, without gradients, for the caller's running statistics.
   */
  batchNorm(
    x: Variable,
    scale: Variable | null,
    shift: Variable | null,
    options: { eps?: number } = {},
  ): { y: Variable; mean: Variable; variance: Variable } {
    return norms.batchNorm(this, x, scale, shift, options.eps ?? 1e-5);
  }

  relu(x: Variable): Variable {
    return activations.relu(this, x);
  }

  leakyRelu(x: Variable, slope = 0.01): Variable {
    return activations.leakyRelu(this, x, slope);
  }

  /** `slope` is [1] or [C]. */
  prelu(x: Variable, slope: Variable): Variable {
    return activations.prelu(this, x, slope);
  }

  /** Exact form: x times the normal distribution function. */
  gelu(x: Variable): Variable {
    return activations.gelu(this, x);
  }

  /** x · sigmoid(x). */
  silu(x: Variable): Variable {
    return activations.silu(this, x);
  }

  sigmoid(x: Variable): Variable {
    return activations.sigmoid(this, x);
  }

  tanh(x: Variable): Variable {
    return activations.tanh(this, x);
  }

  /** Zeros count as voxels at the border (torch's `count_include_pad`), unless `countPadding` is false. */
  averagePool(x: Variable, options: pooling.AveragePoolOptions): Variable {
    return pooling.averagePool(this, x, options);
  }

  maxPool(x: Variable, options: pooling.PoolOptions): Variable {
    return pooling.maxPool(this, x, options);
  }

  /**
   * Resamples space by factors (one an axis, or `{ size }`), as torch's `interpolate`: `linear` is bilinear or
   * trilinear with half-pixel centres or aligned corners.
   */
  interpolate(
    x: Variable,
    target: InterpolateTarget,
    mode: "nearest" | "linear",
    options: InterpolateOptions = {},
  ): Variable {
    return interpolate(this, x, target, mode, options);
  }

  /** `mask` holds 0 or 1 / (1 - rate). */
  dropout(x: Variable, mask: Variable): Variable {
    return elementwise.mul(this, x, mask);
  }

  /** Scaled dot-product attention with several heads; q [N, T, C], k and v [N, S, C]. */
  attention(q: Variable, k: Variable, v: Variable, heads: number): Variable {
    return attention(this, q, k, v, heads);
  }
}
