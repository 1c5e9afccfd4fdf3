/**
 * The gradient of a convolution's weights,
 *
 *   dW[m, c, k] = Σ_n Σ_o coarse[n, m, o] · fine[n, c, o · stride + k · dilation - before],
 *
 * as products of matrices over shifted copies. A convolution with exchanged axes would be one node, and six
 * times slower.
 */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import { type ConvolutionGeometry, padSpace, weightDims } from "./convolution-geometry.js";
import { product, transposed } from "./matrix-product.js";
import { columnsOf, padToReach, shiftedCopies } from "./shifted-copies.js";
import { isPatchwise } from "./transposed-convolution.js";

export function weightGradient(
  graph: GraphBuilder,
  fine: Value,
  coarse: Value,
  geometry: ConvolutionGeometry,
): Value {
  if (isPatchwise(geometry)) return patchProduct(graph, fine, coarse, geometry);
  if (suitsStackedShifts(geometry)) return stackedShifts(graph, fine, coarse, geometry);
  if (suitsOneProduct(geometry)) return oneProduct(graph, fine, coarse, geometry);
  return shiftByShift(graph, fine, coarse, geometry);
}

/** Sum over the batch of a · bᵗ for a [N, G, I, P] and b [N, G, J, P]: [G, I, J]. */
function correlate(
  graph: GraphBuilder,
  a: Value,
  b: Value,
  [batch, groups]: readonly [number, number],
  [rows, voxels, columns]: readonly [number, number, number],
): Value {
  const products = product(graph, a, transposed(graph, b, 4), [rows, voxels, columns], [4, 4]);
  if (batch === 1) return graph.reshape(products, [groups, rows, columns]);
  return graph.reduce("Sum", products, [0], false);
}

/** The stride is the kernel: the fine grid falls into blocks, and every tap into one column of a product. */
function patchProduct(graph: GraphBuilder, fine: Value, coarse: Value, geometry: ConvolutionGeometry): Value {
  const { batch, groups, kernel } = geometry;
  const [m, c] = [geometry.coarse.channels / groups, geometry.fine.channels / groups];
  const voxels = elementCount(geometry.coarse.extents);
  const taps = elementCount(kernel);
  const cells = geometry.coarse.extents.flatMap((n, axis) => [n, kernel[axis]!]);
  const order = [0, 1, ...kernel.map((_, axis) => 3 + 2 * axis), ...kernel.map((_, axis) => 2 + 2 * axis)];
  const blocks =
    taps === 1
      ? fine
      : graph.transpose(graph.reshape(fine, [batch, geometry.fine.channels, ...cells]), order);
  const joined = correlate(
    graph,
    graph.reshape(coarse, [batch, groups, m, voxels]),
    graph.reshape(blocks, [batch, groups, c * taps, voxels]),
    [batch, groups],
    [m, voxels, c * taps],
  );
  return graph.reshape(joined, weightDims(geometry));
}

/** Any geometry: one shifted copy of the fine grid and one product for every tap of the kernel. */
function shiftByShift(graph: GraphBuilder, fine: Value, coarse: Value, geometry: ConvolutionGeometry): Value {
  const { batch, groups, kernel } = geometry;
  const [m, c] = [geometry.coarse.channels / groups, geometry.fine.channels / groups];
  const voxels = elementCount(geometry.coarse.extents);
  const flat = graph.reshape(coarse, [batch, groups, m, voxels]);
  const products = shiftedCopies(graph, fine, geometry).map((shifted) => {
    const columns = graph.reshape(shifted, [batch, groups, c, voxels]);
    const joined = correlate(graph, flat, columns, [batch, groups], [m, voxels, c]);
    return graph.reshape(joined, [1, geometry.coarse.channels * c]);
  });
  const all = graph.transpose(graph.concat(products, 0), [1, 0]);
  return graph.reshape(all, [geometry.coarse.channels, c, ...kernel]);
}

/** Coarse grids of at most this many voxels, and fine ones of so few channels, make poor single products. */
const FEW_VOXELS = 512;
const FEW_CHANNELS = 4;

function suitsOneProduct({ coarse, fine, groups }: ConvolutionGeometry): boolean {
  return elementCount(coarse.extents) <= FEW_VOXELS || fine.channels / groups <= FEW_CHANNELS;
}

/** The shifted copies of all taps in one matrix: the product is the gradient as it lies. */
function oneProduct(graph: GraphBuilder, fine: Value, coarse: Value, geometry: ConvolutionGeometry): Value {
  const { batch, groups, kernel } = geometry;
  const [m, c] = [geometry.coarse.channels / groups, geometry.fine.channels / groups];
  const voxels = elementCount(geometry.coarse.extents);
  const taps = elementCount(kernel);
  const joined = correlate(
    graph,
    graph.reshape(coarse, [batch, groups, m, voxels]),
    columnsOf(graph, fine, geometry),
    [batch, groups],
    [m, voxels, c * taps],
  );
  return graph.reshape(joined, weightDims(geometry));
}

/** With fewer planes or voxels the products of `stackedShifts` are too small to be fast. */
const LEAST_DEPTH = 8;
const LEAST_VOXELS = 4097;

function suitsStackedShifts({ groups, strides, coarse, kernel }: ConvolutionGeometry): boolean {
  return (
    kernel.length === 3 &&
    groups === 1 &&
    strides.every((s) => s === 1) &&
    coarse.extents[0]! >= LEAST_DEPTH &&
    elementCount(coarse.extents) >= LEAST_VOXELS
  );
}

/**
 * Stride 1 in 3D: shifts along d1 stacked as channels of the fine grid, shifts along d2 as channels of the
 * coarse one, shifts along d0 as ranges of planes; one product a plane and shift along d0. Needs far fewer
 * copies than one a tap.
 */
function stackedShifts(
  graph: GraphBuilder,
  fine: Value,
  coarse: Value,
  geometry: ConvolutionGeometry,
): Value {
  const { batch, kernel, dilations } = geometry;
  const [m, c] = [geometry.coarse.channels, geometry.fine.channels];
  const [depth, height, width] = geometry.coarse.extents as [number, number, number];
  const [kd, kh, kw] = kernel as [number, number, number];
  const reach = dilations[2]! * (kw - 1);
  const row = height * (width + reach);
  const range = (n: number) => Array.from({ length: n }, (_, i) => i);
  const stack = (values: Value[]) => (values.length === 1 ? values[0]! : graph.concat(values, 2));

  const planes = graph.transpose(padToReach(graph, fine, geometry), [0, 2, 1, 3, 4]);
  const fineStack = stack(
    range(kh).map((k) => graph.slice(planes, [k * dilations[1]!], [k * dilations[1]! + height], [3])),
  );
  const coarsePlanes = graph.transpose(coarse, [0, 2, 1, 3, 4]);
  const coarseStack = stack(
    range(kw).map((k) => {
      const shift = k * dilations[2]!;
      return padSpace(graph, coarsePlanes, [0, 0, shift], [0, 0, reach - shift]);
    }),
  );
  const left = graph.reshape(coarseStack, [batch, depth, kw * m, row]);
  const products = range(kd).map((k) => {
    const shift = k * dilations[0]!;
    const slab = kd === 1 ? fineStack : graph.slice(fineStack, [shift], [shift + depth], [1]);
    const right = transposed(graph, graph.reshape(slab, [batch, depth, kh * c, row]), 4);
    const planewise = product(graph, left, right, [kw * m, row, kh * c], [4, 4]);
    const sums = graph.reduce("Sum", planewise, [0, 1], false);
    return graph.reshape(sums, [1, kw, m, kh, c]);
  });
  const all = kd === 1 ? products[0]! : graph.concat(products, 0);
  return graph.transpose(all, [2, 4, 0, 3, 1]);
}
