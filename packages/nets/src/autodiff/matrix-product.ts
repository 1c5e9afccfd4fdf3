import { failedError } from "@viscera/core";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { broadcastDims, shapeText, sumTo } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

/** Sums of up to this many terms come in one run, however a product is shared among threads. */
const ONE_RUN = 128;
/** With more columns, each of eight threads gets so many that the runs are of one length. */
const FEW_COLUMNS = 512;

/**
 * Whether the last bits of a product of [m, k] and [k, n] would depend on the number of threads (up to eight). ONNX
 * Runtime shares the rows among threads, but the columns where there are more of those; and how long its partial
 * sums over k are depends on how many columns a thread has.
 */
export function dependsOnThreads([m, k, n]: readonly [number, number, number]): boolean {
  return m > 1 && k > ONE_RUN && n > m && n <= FEW_COLUMNS;
}

/**
 * a · b for a [..., m, k] and b [..., k, n] of the given ranks, with the same bits on any number of threads (up to
 * eight): computed transposed where these would differ. A single column becomes a single row for the same reason.
 */
export function product(
  graph: GraphBuilder,
  a: Value,
  b: Value,
  sizes: readonly [number, number, number],
  ranks: readonly [number, number],
): Value {
  const [m, , n] = sizes;
  if (!dependsOnThreads(sizes) && !(n === 1 && m > 1)) return graph.matMul(a, b);
  const turned = graph.matMul(transposed(graph, b, ranks[1]), transposed(graph, a, ranks[0]));
  return transposed(graph, turned, Math.max(...ranks));
}

/** The last two axes exchanged. ONNX Runtime merges this into a neighbouring product. */
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
  const [rankA, rankB, rank] = [a.dims.length, b.dims.length, batch.length + 2];
  const value = product(graph, a.value, b.value, [m, k, n], [rankA, rankB]);
  return tape.record(value, [...batch, m, n], [a, b], (g) => [
    () => {
      const full = product(graph, g, transposed(graph, b.value, rankB), [m, n, k], [rank, rankB]);
      return sumTo(graph, full, [...batch, m, k], a.dims);
    },
    () => {
      const full = product(graph, transposed(graph, a.value, rankA), g, [k, m, n], [rankA, rank]);
      return sumTo(graph, full, [...batch, k, n], b.dims);
    },
  ]);
}
