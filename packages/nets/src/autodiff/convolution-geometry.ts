/**
 * A convolution takes a fine grid to a coarse one; its transpose takes the coarse one back. Both layers, and
 * the gradients of both, are these two maps and the gradient of the weights, all over one geometry:
 *
 *   coarse[n, m, o] = Σ_c Σ_k weights[m, c, k] · fine[n, c, o · stride + k · dilation - before]
 */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";

export interface Grid {
  readonly channels: number;
  readonly extents: readonly number[];
}

export interface ConvolutionGeometry {
  readonly batch: number;
  readonly groups: number;
  readonly fine: Grid;
  readonly coarse: Grid;
  /** Extents of the kernel; the weights are [coarse channels, fine channels / groups, ...kernel]. */
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Zeros before the first voxel of the fine grid, an axis; how many follow the last results from the extents. */
  readonly before: readonly number[];
}

export function gridDims(batch: number, { channels, extents }: Grid): number[] {
  return [batch, channels, ...extents];
}

export function weightDims({ coarse, fine, groups, kernel }: ConvolutionGeometry): number[] {
  return [coarse.channels, fine.channels / groups, ...kernel];
}

/** Axis numbers of space in a tensor [N, C, ...space]. */
export function spaceAxes(extents: readonly number[]): number[] {
  return extents.map((_, axis) => axis + 2);
}

/** Pads (crops where negative) space of [N, C, ...space]. */
export function padSpace(
  graph: GraphBuilder,
  value: Value,
  before: readonly number[],
  after: readonly number[],
): Value {
  if ([...before, ...after].every((n) => n === 0)) return value;
  return graph.pad(value, [0, 0, ...before, 0, 0, ...after]);
}
