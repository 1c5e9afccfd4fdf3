/** Sums, means, maxima over axes, and the softmax. */
import { failedError } from "@viscera/core";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import { expandTo, reduceAxes, shapeText } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

/** An axis counted from the first. Throws `failed.graph` for one that the tensor does not have. */
export function axisOf(axis: number, dims: readonly number[]): number {
  const positive = axis < 0 ? axis + dims.length : axis;
  if (!(positive >= 0 && positive < dims.length)) {
    throw failedError("graph", `A tensor of ${shapeText(dims)} has no axis ${axis}.`);
  }
  return positive;
}

interface Reduction {
  axes: number[];
  /** Extents with the reduced axes kept as 1. */
  kept: number[];
  dims: number[];
  /** Elements that become one. */
  count: number;
}

function reduction(x: Variable, axes: readonly number[], keepDims: boolean): Reduction {
  const reduced = new Set(axes.map((axis) => axisOf(axis, x.dims)));
  const kept = x.dims.map((n, axis) => (reduced.has(axis) ? 1 : n));
  const dims = keepDims ? kept : x.dims.filter((_, axis) => !reduced.has(axis));
  return { axes: [...reduced], kept, dims, count: elementCount(x.dims) / elementCount(kept) };
}

function average(tape: Tape, kind: "Sum" | "Mean", x: Variable, r: Reduction): Variable {
  const { graph } = tape;
  const result = reduceAxes(graph, kind, x.value, r.axes);
  const value = r.dims === r.kept ? result : graph.reshape(result, r.dims);
  return tape.record(value, r.dims, [x], (g) => [
    () => {
      const share = kind === "Sum" ? g : graph.mul(g, graph.scalar(1 / r.count));
      return expandTo(graph, r.dims === r.kept ? share : graph.reshape(share, r.kept), x.dims);
    },
  ]);
}

export function reduceSum(tape: Tape, x: Variable, axes: readonly number[], keepDims: boolean): Variable {
  return average(tape, "Sum", x, reduction(x, axes, keepDims));
}

export function reduceMean(tape: Tape, x: Variable, axes: readonly number[], keepDims: boolean): Variable {
  return average(tape, "Mean", x, reduction(x, axes, keepDims));
}

export function reduceMax(tape: Tape, x: Variable, axes: readonly number[], keepDims: boolean): Variable {
  const { graph } = tape;
  const { axes: reduced, kept, dims } = reduction(x, axes, keepDims);
  const largest = graph.reduce("Max", x.value, reduced);
  const value = keepDims ? largest : graph.reshape(largest, dims);
  return tape.record(value, dims, [x], (g) => [
    () => {
      const hit = graph.cast(graph.node("Equal", [x.value, largest]), "float32");
      const share = graph.div(keepDims ? g : graph.reshape(g, kept), reduceAxes(graph, "Sum", hit, reduced));
      return graph.mul(hit, share);
    },
  ]);
}

/**
 * x less its maximum along an axis, and the logarithm of the sum of that one's exponentials. Along any axis but the
 * last this is five times as fast as ONNX Runtime's own softmax, which transposes. ReduceLogSum over the extent
 * left, for the last bits of Log depend on the number of threads.
 */
function centredLogSum(graph: GraphBuilder, x: Value, axis: number): [centred: Value, logSum: Value] {
  const centred = graph.sub(x, graph.reduce("Max", x, [axis]));
  const logSum = graph.node("ReduceLogSum", [graph.map("Exp", centred), graph.ints([axis])]);
  return [centred, logSum];
}

export function softmax(tape: Tape, x: Variable, axis: number): Variable {
  const { graph } = tape;
  const along = axisOf(axis, x.dims);
  let y: Value;
  if (along === x.dims.length - 1) {
    y = graph.softmax(x.value, along);
  } else {
    const parts = graph.map("Exp", graph.sub(x.value, graph.reduce("Max", x.value, [along])));
    y = graph.div(parts, graph.reduce("Sum", parts, [along]));
  }
  return tape.record(y, x.dims, [x], (g) => [
    () => graph.mul(y, graph.sub(g, graph.reduce("Sum", graph.mul(g, y), [along]))),
  ]);
}

export function logSoftmax(tape: Tape, x: Variable, axis: number): Variable {
  const { graph } = tape;
  const along = axisOf(axis, x.dims);
  const y =
    along === x.dims.length - 1
      ? graph.logSoftmax(x.value, along)
      : graph.sub(...centredLogSum(graph, x.value, along));
  return tape.record(y, x.dims, [x], (g) => [
    () => graph.sub(g, graph.mul(graph.map("Exp", y), graph.reduce("Sum", g, [along]))),
  ]);
}
