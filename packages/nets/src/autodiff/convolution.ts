/** Convolution and transposed convolution as layers. */
import { failedError } from "@viscera/core";
import type { Pads } from "../onnx/graph-builder.js";
import { reduceAxes, sameDims, shapeText } from "./broadcasting.js";
import { type ConvolutionGeometry, gridDims, weightDims } from "./convolution-geometry.js";
import { weightGradient } from "./convolution-weights.js";
import { convolve } from "./forward-convolution.js";
import type { Tape, Variable } from "./tape.js";
import { convolveTransposed } from "./transposed-convolution.js";

export interface ConvolutionOptions {
  /** One an axis of space; default 1. */
  strides?: readonly number[];
  /** Default 0. */
  pads?: Pads;
  /** Default 1. */
  dilations?: readonly number[];
  groups?: number;
}

export interface TransposedConvolutionOptions extends ConvolutionOptions {
  /** Voxels that the result has more at the end of each axis; default 0. */
  outputPadding?: readonly number[];
}

/** Options with an entry for every axis, checked. */
function complete(rank: number, { strides, pads = 0, dilations, groups = 1 }: ConvolutionOptions) {
  const perAxis = (values: readonly number[] | undefined, name: string) => {
    if (values !== undefined && values.length !== rank) {
      throw failedError("graph", `A convolution of ${rank} axes has ${values.length} ${name}.`);
    }
    return values ?? new Array<number>(rank).fill(1);
  };
  const sides = typeof pads === "number" ? new Array<number>(2 * rank).fill(pads) : pads;
  if (sides.length !== 2 * rank) {
    throw failedError("graph", `A convolution of ${rank} axes has ${sides.length} pads, not ${2 * rank}.`);
  }
  return {
    strides: perAxis(strides, "strides"),
    dilations: perAxis(dilations, "dilations"),
    before: sides.slice(0, rank),
    after: sides.slice(rank),
    groups,
  };
}

function checkParameters(
  weights: Variable,
  bias: Variable | null,
  geometry: ConvolutionGeometry,
  biased: number,
) {
  const expected = weightDims(geometry);
  if (!sameDims(weights.dims, expected)) {
    throw failedError("graph", `Weights of ${shapeText(weights.dims)} should be ${shapeText(expected)}.`);
  }
  if (bias !== null && !sameDims(bias.dims, [biased])) {
    throw failedError("graph", `A bias of ${shapeText(bias.dims)} should be ${shapeText([biased])}.`);
  }
  const all = [...geometry.fine.extents, ...geometry.coarse.extents];
  if (all.some((n) => !(n >= 1))) {
    throw failedError(
      "graph",
      `A kernel of ${shapeText(geometry.kernel)} does not fit between ${shapeText(geometry.fine.extents)} and ${shapeText(geometry.coarse.extents)} voxels.`,
    );
  }
}

/** Sum over everything but channels. */
function biasGradient(tape: Tape, gradient: Variable["value"], dims: readonly number[]) {
  const axes = dims.map((_, axis) => axis).filter((axis) => axis !== 1);
  return tape.graph.reshape(reduceAxes(tape.graph, "Sum", gradient, axes), [dims[1]!]);
}

export function conv(
  tape: Tape,
  x: Variable,
  weights: Variable,
  bias: Variable | null,
  options: ConvolutionOptions,
): Variable {
  const { graph } = tape;
  const [batch, channels, ...extents] = x.dims as [number, number, ...number[]];
  const kernel = weights.dims.slice(2);
  const { after, ...rest } = complete(extents.length, options);
  const geometry: ConvolutionGeometry = {
    batch,
    fine: { channels, extents },
    coarse: {
      channels: weights.dims[0]!,
      extents: extents.map((n, axis) => {
        const free = n + rest.before[axis]! + after[axis]! - rest.dilations[axis]! * (kernel[axis]! - 1) - 1;
        return Math.floor(free / rest.strides[axis]!) + 1;
      }),
    },
    kernel,
    ...rest,
  };
  checkParameters(weights, bias, geometry, geometry.coarse.channels);
  const value = convolve(graph, x.value, weights.value, bias?.value ?? null, geometry);
  const dims = gridDims(batch, geometry.coarse);
  return tape.record(value, dims, bias ? [x, weights, bias] : [x, weights], (g) => [
    () => convolveTransposed(graph, g, weights.value, null, geometry),
    () => weightGradient(graph, x.value, g, geometry),
    () => biasGradient(tape, g, dims),
  ]);
}

export function convTranspose(
  tape: Tape,
  x: Variable,
  weights: Variable,
  bias: Variable | null,
  options: TransposedConvolutionOptions,
): Variable {
  const { graph } = tape;
  const [batch, channels, ...extents] = x.dims as [number, number, ...number[]];
  const kernel = weights.dims.slice(2);
  const { after, ...rest } = complete(extents.length, options);
  const geometry: ConvolutionGeometry = {
    batch,
    fine: {
      channels: weights.dims[1]! * rest.groups,
      extents: extents.map(
        (n, axis) =>
          (n - 1) * rest.strides[axis]! -
          rest.before[axis]! -
          after[axis]! +
          rest.dilations[axis]! * (kernel[axis]! - 1) +
          1 +
          (options.outputPadding?.[axis] ?? 0),
      ),
    },
    coarse: { channels, extents },
    kernel,
    ...rest,
  };
  checkParameters(weights, bias, geometry, geometry.fine.channels);
  const value = convolveTransposed(graph, x.value, weights.value, bias?.value ?? null, geometry);
  const dims = gridDims(batch, geometry.fine);
  return tape.record(value, dims, bias ? [x, weights, bias] : [x, weights], (g) => [
    () => convolve(graph, g, weights.value, null, geometry),
    () => weightGradient(graph, g, x.value, geometry),
    () => biasGradient(tape, g, dims),
  ]);
}
