/**
 * The transpose of a convolution, without ONNX's ConvTranspose: on the CPU that is up to 20 times slower than
 * a convolution of as many products, and in 3D it fails on the WebGPU provider.
 *
 * Voxels of the fine grid with one remainder modulo the stride (a phase) get the same taps of the kernel, so
 * each phase is an ordinary convolution of the coarse grid with stride 1; the phases are then interleaved.
 */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import { zeros } from "./broadcasting.js";
import { type ConvolutionGeometry, convolvePadded, padSpace } from "./convolution-geometry.js";
import { product } from "./matrix-product.js";

/** The taps that reach one phase along one axis: kernel indices first, first + step, ... (`count` of them). */
interface Phase {
  first: number;
  step: number;
  count: number;
  /** Offset between the coarse voxels that neighbouring taps read. */
  dilation: number;
  /** Coarse voxel read by the first tap for the phase's voxel 0. */
  start: number;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** fine[stride · a + phase] = Σ_j coarse[a + start - j · dilation] · weights[first + j · step] */
function phaseOf(phase: number, kernel: number, stride: number, dilation: number, before: number): Phase {
  const step = stride / greatestCommonDivisor(stride, dilation);
  for (let k = 0; k < Math.min(kernel, step); k++) {
    const distance = phase + before - k * dilation;
    if (distance % stride === 0) {
      return {
        first: k,
        step,
        count: Math.ceil((kernel - k) / step),
        dilation: (dilation * step) / stride,
        start: distance / stride,
      };
    }
  }
  return { first: 0, step: 1, count: 0, dilation: 1, start: 0 };
}

/** Every choice of one entry an axis, the last axis fastest. */
function combinations<T>(choices: readonly (readonly T[])[]): T[][] {
  return choices.reduce<T[][]>(
    (all, axis) => all.flatMap((head) => axis.map((next) => [...head, next])),
    [[]],
  );
}

/** Weights [M, C / groups, ...kernel] as those of the transpose, [C, M / groups, ...kernel]. */
function exchangeChannels(graph: GraphBuilder, weights: Value, geometry: ConvolutionGeometry): Value {
  const { groups, coarse, fine, kernel } = geometry;
  const m = coarse.channels / groups;
  const c = fine.channels / groups;
  if (groups === 1) return graph.transpose(weights, [1, 0, ...kernel.map((_, axis) => axis + 2)]);
  const split = graph.reshape(weights, [groups, m, c, ...kernel]);
  const turned = graph.transpose(split, [0, 2, 1, ...kernel.map((_, axis) => axis + 3)]);
  return graph.reshape(turned, [fine.channels, m, ...kernel]);
}

/** From the coarse grid to the fine one; `bias` [fine channels] is added. */
export function convolveTransposed(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
): Value {
  const { batch, fine, kernel, strides } = geometry;
  if (isPatchwise(geometry) && elementCount(strides) > 1) {
    return scatterPatches(graph, coarse, weights, bias, geometry);
  }
  const turned = exchangeChannels(graph, weights, geometry);
  // Voxels of each phase; where the stride does not divide the extent the last ones are cut off in the end.
  const cells = fine.extents.map((n, axis) => Math.ceil(n / strides[axis]!));
  const phases = kernel.map((k, axis) =>
    Array.from({ length: strides[axis]! }, (_, p) =>
      phaseOf(p, k, strides[axis]!, geometry.dilations[axis]!, geometry.before[axis]!),
    ),
  );
  const empty = () => {
    const dims = [batch, fine.channels, ...cells];
    const nothing = zeros(graph, dims);
    const perChannel = [1, fine.channels, ...cells.map(() => 1)];
    return bias === null ? nothing : graph.add(nothing, graph.reshape(bias, perChannel));
  };
  const parts = combinations(phases).map((phase) =>
    phase.some(({ count }) => count === 0)
      ? empty()
      : convolvePhase(graph, coarse, turned, bias, geometry, cells, phase),
  );
  return interleave(graph, parts, batch, fine, strides, cells);
}

function convolvePhase(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
  cells: readonly number[],
  phase: readonly Phase[],
): Value {
  const axes = phase.map((_, axis) => axis + 2);
  const whole = phase.every(({ count }, axis) => count === 1 && geometry.kernel[axis] === 1);
  // The taps in reverse order: the transpose of a correlation is a correlation by the mirrored kernel.
  const taps = whole
    ? weights
    : graph.slice(
        weights,
        phase.map(({ first, step, count }) => first + step * (count - 1)),
        // Past the first tap by one, which for tap 0 is before the beginning.
        phase.map(({ first }) => (first === 0 ? -(2 ** 31) : first - 1)),
        axes,
        phase.map(({ step }) => -step),
      );
  const before = phase.map(({ count, dilation, start }) => (count - 1) * dilation - start);
  const after = phase.map(
    ({ count, dilation }, axis) =>
      cells[axis]! - geometry.coarse.extents[axis]! - before[axis]! + dilation * (count - 1),
  );
  const options = {
    kernel: phase.map(({ count }) => count),
    strides: phase.map(() => 1),
    dilations: phase.map(({ dilation }) => dilation),
    groups: geometry.groups,
  };
  return convolvePadded(graph, coarse, taps, bias, options, before, after);
}

/** Puts phases [N, C, ...cells], the last axis' phase fastest, side by side into [N, C, ...extents]. */
function interleave(
  graph: GraphBuilder,
  parts: readonly Value[],
  batch: number,
  fine: ConvolutionGeometry["fine"],
  strides: readonly number[],
  cells: readonly number[],
): Value {
  const { channels, extents } = fine;
  const full = cells.map((n, axis) => n * strides[axis]!);
  let value = parts[0]!;
  if (parts.length > 1) {
    const rank = strides.length;
    const split = graph.reshape(graph.concat(parts, 0), [...strides, batch, channels, ...cells]);
    const order = [rank, rank + 1, ...strides.flatMap((_, axis) => [rank + 2 + axis, axis])];
    value = graph.reshape(graph.transpose(split, order), [batch, channels, ...full]);
  }
  return padSpace(
    graph,
    value,
    extents.map(() => 0),
    extents.map((n, axis) => n - full[axis]!),
  );
}

/** Whether every coarse voxel stands for its own block of fine voxels: the stride is the kernel, no padding. */
export function isPatchwise({
  kernel,
  strides,
  dilations,
  before,
  fine,
  coarse,
}: ConvolutionGeometry): boolean {
  return kernel.every(
    (k, axis) =>
      k === strides[axis] &&
      (k === 1 || dilations[axis] === 1) &&
      before[axis] === 0 &&
      fine.extents[axis] === coarse.extents[axis]! * k,
  );
}

/** The patchwise case: one product of matrices, then the blocks are put in place. */
function scatterPatches(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  { batch, groups, fine, coarse: grid, kernel }: ConvolutionGeometry,
): Value {
  const rank = kernel.length;
  const m = grid.channels / groups;
  const c = fine.channels / groups;
  const taps = elementCount(kernel);
  const matrix = graph.transpose(graph.reshape(weights, [groups, m, c * taps]), [0, 2, 1]);
  const voxels = elementCount(grid.extents);
  const columns = graph.reshape(coarse, [batch, groups, m, voxels]);
  const mixed = product(graph, matrix, columns, [c * taps, m, voxels], [3, 4]);
  let blocks = graph.reshape(mixed, [batch, fine.channels, ...kernel, ...grid.extents]);
  if (bias !== null) {
    const perChannel = [fine.channels, ...new Array<number>(2 * rank).fill(1)];
    blocks = graph.add(blocks, graph.reshape(bias, perChannel));
  }
  const order = [0, 1, ...kernel.flatMap((_, axis) => [2 + rank + axis, 2 + axis])];
  return graph.reshape(graph.transpose(blocks, order), [batch, fine.channels, ...fine.extents]);
}
