/**
 * The transpose of a convolution, without ONNX's ConvTranspose: on the CPU that is up to 20 times slower than
 * a convolution of as many products, and in 3D it fails on the WebGPU provider.
 */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount, floatTensor } from "../tensor.js";
import { zeros } from "./broadcasting.js";
import { type ConvolutionGeometry, gridDims, padSpace } from "./convolution-geometry.js";
import { convolve } from "./forward-convolution.js";
import { product } from "./matrix-product.js";
import { cellsOf, interleave, type Phase, phasesOf } from "./phases.js";
import { tapsOf } from "./shifted-copies.js";

/** From the coarse grid to the fine one; `bias` [fine channels] is added. */
export function convolveTransposed(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
): Value {
  if (elementCount(geometry.strides) === 1) return convolveMirrored(graph, coarse, weights, bias, geometry);
  if (isPatchwise(geometry)) return scatterPatches(graph, coarse, weights, bias, geometry);
  if (prefersColumns(geometry)) return sumColumns(graph, coarse, weights, bias, geometry);
  return convolvePhases(graph, coarse, weights, bias, geometry);
}

/** Kernels of more taps than this are mirrored by Slice, whose time grows less. */
const MOST_TAPS_BY_PRODUCT = 64;

/** Stride 1: the convolution by the mirrored kernel. */
function convolveMirrored(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
): Value {
  const { kernel, dilations, fine, coarse: grid } = geometry;
  const taps = elementCount(kernel);
  let mirrored = weights;
  if (taps > MOST_TAPS_BY_PRODUCT) {
    const all = (n: number) => kernel.map(() => n);
    const axes = kernel.map((_, axis) => axis + 2);
    mirrored = graph.slice(weights, all(-1), all(-(2 ** 31)), axes, all(-1));
  } else if (taps > 1) {
    // Exact, for each sum has one term; half the time of a Slice with steps of -1.
    const reversal = new Float32Array(taps * taps);
    for (let k = 0; k < taps; k++) reversal[k * taps + taps - 1 - k] = 1;
    const flat = graph.reshape(weights, [-1, taps]);
    const turned = graph.matMul(flat, graph.constant(floatTensor(reversal, [taps, taps])));
    mirrored = graph.reshape(turned, [grid.channels, fine.channels / geometry.groups, ...kernel]);
  }
  return convolve(graph, coarse, exchangeChannels(graph, mirrored, geometry), bias, {
    ...geometry,
    fine: grid,
    coarse: fine,
    before: kernel.map((k, axis) => dilations[axis]! * (k - 1) - geometry.before[axis]!),
  });
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

/** What every coarse voxel gives through every tap, [N, fine channels, taps, coarse voxels]: a product of matrices. */
function tapColumns(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  geometry: ConvolutionGeometry,
): Value {
  const { batch, groups, fine, coarse: grid, kernel } = geometry;
  const m = grid.channels / groups;
  const taps = elementCount(kernel);
  const rows = (fine.channels / groups) * taps;
  const voxels = elementCount(grid.extents);
  const matrix = graph.transpose(graph.reshape(weights, [groups, m, rows]), [0, 2, 1]);
  const given = graph.reshape(coarse, [batch, groups, m, voxels]);
  return graph.reshape(product(graph, matrix, given, [rows, m, voxels], [3, 4]), [
    batch,
    fine.channels,
    taps,
    ...grid.extents,
  ]);
}

function addBias(
  graph: GraphBuilder,
  value: Value,
  bias: Value | null,
  channels: number,
  rank: number,
): Value {
  if (bias === null) return value;
  return graph.add(value, graph.reshape(bias, [channels, ...new Array<number>(rank).fill(1)]));
}

/** The patchwise case: the columns only have to be put in place. */
function scatterPatches(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
): Value {
  const { batch, fine, coarse: grid, kernel } = geometry;
  const columns = tapColumns(graph, coarse, weights, geometry);
  const blocks = addBias(graph, columns, bias, fine.channels, kernel.length + 1);
  const joined = interleave(graph, blocks, batch * fine.channels, kernel, grid.extents, "channels first");
  return graph.reshape(joined, gridDims(batch, fine));
}

/** Coarse grids of at most this many voxels make poor convolutions. */
const FEW_VOXELS = 512;

/** Columns are memory for fine channels times taps, phases for coarse channels times taps. */
function prefersColumns({ fine, coarse }: ConvolutionGeometry): boolean {
  return 4 * fine.channels <= coarse.channels || elementCount(coarse.extents) <= FEW_VOXELS;
}

/** Every phase is the sum of its taps' columns, shifted. */
function sumColumns(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
): Value {
  const { fine, coarse: grid, kernel } = geometry;
  const cells = cellsOf(geometry);
  const columns = tapColumns(graph, coarse, weights, geometry);
  const parts = phasesOf(geometry).map((phase) => {
    const sum = tapsOf(phase.map(({ count }) => count)).reduce<Value | null>((total, taps) => {
      const index = taps.reduce(
        (flat, j, axis) => flat * kernel[axis]! + phase[axis]!.first + j * phase[axis]!.step,
        0,
      );
      const before = taps.map((j, axis) => j * phase[axis]!.dilation - phase[axis]!.start);
      const after = before.map((n, axis) => cells[axis]! - n - grid.extents[axis]!);
      const column = graph.slice(columns, [index], [index + 1], [2]);
      const part = padColumn(graph, column, before, after);
      return total === null ? part : graph.add(total, part);
    }, null);
    return sum ?? zeros(graph, [geometry.batch, fine.channels, 1, ...cells]);
  });
  const joined = joinPhases(graph, parts, geometry, cells);
  return addBias(graph, joined, bias, fine.channels, kernel.length);
}

/** As `padSpace`, with one axis more. */
function padColumn(
  graph: GraphBuilder,
  value: Value,
  before: readonly number[],
  after: readonly number[],
): Value {
  if ([...before, ...after].every((n) => n === 0)) return value;
  return graph.pad(value, [0, 0, 0, ...before, 0, 0, 0, ...after]);
}

/** Every phase is a convolution of the coarse grid with stride 1. */
function convolvePhases(
  graph: GraphBuilder,
  coarse: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
): Value {
  const cells = cellsOf(geometry);
  const turned = exchangeChannels(graph, weights, geometry);
  const empty = () => {
    const nothing = zeros(graph, [geometry.batch, geometry.fine.channels, ...cells]);
    return addBias(graph, nothing, bias, geometry.fine.channels, cells.length);
  };
  const parts = phasesOf(geometry).map((phase) =>
    phase.some(({ count }) => count === 0)
      ? empty()
      : convolvePhase(graph, coarse, turned, bias, geometry, cells, phase),
  );
  return joinPhases(graph, parts, geometry, cells);
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
  // The taps in reverse order: the transpose of a correlation is a correlation by the mirrored kernel.
  const taps = graph.slice(
    weights,
    phase.map(({ first, step, count }) => first + step * (count - 1)),
    // Past the first tap by one, which for tap 0 is before the beginning.
    phase.map(({ first }) => (first === 0 ? -(2 ** 31) : first - 1)),
    phase.map((_, axis) => axis + 2),
    phase.map(({ step }) => -step),
  );
  return convolve(graph, coarse, taps, bias, {
    ...geometry,
    fine: geometry.coarse,
    coarse: { channels: geometry.fine.channels, extents: cells },
    kernel: phase.map(({ count }) => count),
    strides: phase.map(() => 1),
    dilations: phase.map(({ dilation }) => dilation),
    before: phase.map(({ count, dilation, start }) => (count - 1) * dilation - start),
  });
}

/** Phases of the fine grid, each of N · C · cells numbers, side by side; what lies beyond the grid is cut off. */
function joinPhases(
  graph: GraphBuilder,
  parts: readonly Value[],
  { batch, fine, strides }: ConvolutionGeometry,
  cells: readonly number[],
): Value {
  const full = cells.map((n, axis) => n * strides[axis]!);
  const all = graph.concat(parts, 0);
  const joined = interleave(graph, all, batch * fine.channels, strides, cells, "phases first");
  return padSpace(
    graph,
    graph.reshape(joined, [batch, fine.channels, ...full]),
    full.map(() => 0),
    fine.extents.map((n, axis) => n - full[axis]!),
  );
}
