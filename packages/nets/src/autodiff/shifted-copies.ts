/** What the taps of a convolution read: the fine grid shifted by each of them. */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import { type ConvolutionGeometry, padSpace, spaceAxes } from "./convolution-geometry.js";

/** Every index into a kernel, the last axis fastest. */
export function tapsOf(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (all, n) => all.flatMap((head) => Array.from({ length: n }, (_, k) => [...head, k])),
    [[]],
  );
}

/** The fine grid with its padding at both ends, exactly as far as the taps reach. */
export function padToReach(graph: GraphBuilder, fine: Value, geometry: ConvolutionGeometry): Value {
  const { kernel, strides, dilations, before } = geometry;
  const after = kernel.map((k, axis) => {
    const reach = strides[axis]! * (geometry.coarse.extents[axis]! - 1) + dilations[axis]! * (k - 1) + 1;
    return reach - before[axis]! - geometry.fine.extents[axis]!;
  });
  return padSpace(graph, fine, before, after);
}

/** For every tap, the fine voxels that the coarse ones meet through it: [N, C, ...coarse extents] each. */
export function shiftedCopies(graph: GraphBuilder, fine: Value, geometry: ConvolutionGeometry): Value[] {
  const { kernel, strides, dilations, coarse } = geometry;
  const padded = padToReach(graph, fine, geometry);
  return tapsOf(kernel).map((tap) => {
    const starts = tap.map((k, axis) => k * dilations[axis]!);
    const ends = starts.map((start, axis) => start + strides[axis]! * (coarse.extents[axis]! - 1) + 1);
    return graph.slice(padded, starts, ends, spaceAxes(coarse.extents), strides);
  });
}

/** All shifted copies in one matrix, [N, groups, C / groups · taps, coarse voxels]. */
export function columnsOf(graph: GraphBuilder, fine: Value, geometry: ConvolutionGeometry): Value {
  const { batch, groups, kernel, fine: grid } = geometry;
  const voxels = elementCount(geometry.coarse.extents);
  const copies = shiftedCopies(graph, fine, geometry).map((shifted) =>
    graph.reshape(shifted, [batch, grid.channels, 1, voxels]),
  );
  const rows = (grid.channels / groups) * elementCount(kernel);
  return graph.reshape(graph.concat(copies, 2), [batch, groups, rows, voxels]);
}
