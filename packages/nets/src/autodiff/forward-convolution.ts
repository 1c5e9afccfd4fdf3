/** A convolution as ONNX's Conv, but where that one's bits would depend on the number of threads. */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import { type ConvolutionGeometry, gridDims, padSpace } from "./convolution-geometry.js";
import { dependsOnThreads, product } from "./matrix-product.js";
import { columnsOf } from "./shifted-copies.js";

/** From the fine grid to the coarse one; `bias` [coarse channels] is added. */
export function convolve(
  graph: GraphBuilder,
  fine: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
): Value {
  const { kernel, strides, dilations, groups, before } = geometry;
  const sizes = productSizes(geometry);
  if (dependsOnThreads(sizes)) return convolveByProduct(graph, fine, weights, bias, geometry, sizes);
  const after = kernel.map((k, axis) => {
    const used = (geometry.coarse.extents[axis]! - 1) * strides[axis]! + dilations[axis]! * (k - 1) + 1;
    const missing = used - geometry.fine.extents[axis]! - before[axis]!;
    // Voxels at the end that no step of the stride reaches need no cropping.
    return missing < 0 && missing > -strides[axis]! ? 0 : missing;
  });
  // Conv takes no negative pads: the grid is cropped instead.
  const negative = (pads: readonly number[]) => pads.map((n) => Math.min(n, 0));
  const cropped = padSpace(graph, fine, negative(before), negative(after));
  const pads = [...before, ...after].map((n) => Math.max(n, 0));
  return graph.conv(cropped, weights, bias, { kernel, strides, dilations, groups, pads });
}

/** Rows, terms of each sum and columns of the product of matrices that a convolution is. */
function productSizes({ groups, coarse, fine, kernel }: ConvolutionGeometry): [number, number, number] {
  return [
    coarse.channels / groups,
    (fine.channels / groups) * elementCount(kernel),
    elementCount(coarse.extents),
  ];
}

function convolveByProduct(
  graph: GraphBuilder,
  fine: Value,
  weights: Value,
  bias: Value | null,
  geometry: ConvolutionGeometry,
  sizes: readonly [number, number, number],
): Value {
  const { batch, groups, coarse } = geometry;
  const matrix = graph.reshape(weights, [groups, sizes[0], sizes[1]]);
  const result = product(graph, matrix, columnsOf(graph, fine, geometry), sizes, [3, 4]);
  const value = graph.reshape(result, gridDims(batch, coarse));
  if (bias === null) return value;
  return graph.add(value, graph.reshape(bias, [coarse.channels, ...coarse.extents.map(() => 1)]));
}
