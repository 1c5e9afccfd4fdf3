import { failedError } from "@viscera/core";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { broadcastDims, shapeText, sumTo } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

/** The last two axes exchanged. ONNX Runtime merges this into a following product. */
export function transposed(graph: GraphBuilder, value: Value, rank: number): Value {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  [order[rank - 2], order[rank - 1]] = [rank - 1, rank - 2];
  return graph.transpose(value, order);
}

export function matMul(tape: Tape, a: Variable, b: Variable): Variable {
  const { graph } = tape;
  if (a.dims.length < 2 || b.dims.length < 2 || a.dims.at(-1) !== b.dims.at(-2)) {
    throw failedError(
      "graph",
      `Matrices of ${shapeText(a.dims)} and ${shapeText(b.dims)} cannot be multiplied.`,
    );
  }
  const batch = broadcastDims(a.dims.slice(0, -2), b.dims.slice(0, -2));
  const [m, k, n] = [a.dims.at(-2)!, a.dims.at(-1)!, b.dims.at(-1)!];
  return tape.record(graph.matMul(a.value, b.value), [...batch, m, n], [a, b], (g) => [
    () => sumTo(graph, graph.matMul(g, transposed(graph, b.value, b.dims.length)), [...batch, m, k], a.dims),
    () => sumTo(graph, graph.matMul(transposed(graph, a.value, a.dims.length), g), [...batch, k, n], b.dims),
  ]);
}
