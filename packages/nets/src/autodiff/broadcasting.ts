/** ONNX's multidirectional broadcasting, and its transpose: summing a gradient back to the smaller shape. */
import { failedError } from "@viscera/core";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";

/** Extents of an elementwise result. Throws `failed.graph` where the extents do not fit each other. */
export function broadcastDims(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const m = a[axis - rank + a.length] ?? 1;
    const n = b[axis - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw failedError("graph", `Tensors of ${shapeText(a)} and ${shapeText(b)} cannot be combined.`);
    }
    return m === 1 ? n : m;
  });
}

export function shapeText(dims: readonly number[]): string {
  return `[${dims.join(", ")}]`;
}

export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/**
 * Sum or mean over axes, which stay with extent 1. One axis after the other, the last first: every partial
 * sum stays short, which keeps seven digits where one sum over all voxels keeps four. Each axis goes at once, so
 * that the next is the last in its turn: ONNX Runtime sums over a last axis in the same order on any number of
 * threads, but not over one that axes of extent 1 follow.
 */
export function reduceAxes(
  graph: GraphBuilder,
  kind: "Sum" | "Mean",
  value: Value,
  axes: readonly number[],
): Value {
  if (axes.length === 0) return value;
  const reduced = axes
    .toSorted((a, b) => b - a)
    .reduce((v, axis) => graph.reduce(kind, v, [axis], false), value);
  return graph.node("Unsqueeze", [reduced, graph.ints(axes.toSorted((a, b) => a - b))]);
}

/** The gradient of extents `from` summed over the axes along which a tensor of extents `to` was repeated. */
export function sumTo(
  graph: GraphBuilder,
  gradient: Value,
  from: readonly number[],
  to: readonly number[],
): Value {
  if (sameDims(from, to)) return gradient;
  const extra = from.length - to.length;
  const repeated = from.flatMap((n, axis) => (n !== (to[axis - extra] ?? 1) ? [axis] : []));
  const summed = reduceAxes(graph, "Sum", gradient, repeated);
  return extra === 0 ? summed : graph.reshape(summed, to);
}

/** `value`, of any extents that broadcast to `dims`, repeated to them. */
export function expandTo(graph: GraphBuilder, value: Value, dims: readonly number[]): Value {
  return graph.node("Expand", [value, graph.ints(dims)]);
}

export function zeros(graph: GraphBuilder, dims: readonly number[]): Value {
  return elementCount(dims) === 1
    ? graph.reshape(graph.scalar(0), dims)
    : graph.node("ConstantOfShape", [graph.ints(dims)]);
}
