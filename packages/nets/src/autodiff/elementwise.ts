/** Operations on each element, with broadcasting. */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import { broadcastDims, expandTo, sameDims, sumTo } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

export function add(tape: Tape, a: Variable, b: Variable): Variable {
  const { graph } = tape;
  const dims = broadcastDims(a.dims, b.dims);
  return tape.record(graph.add(a.value, b.value), dims, [a, b], (g) => [
    () => sumTo(graph, g, dims, a.dims),
    () => sumTo(graph, g, dims, b.dims),
  ]);
}

export function sub(tape: Tape, a: Variable, b: Variable): Variable {
  const { graph } = tape;
  const dims = broadcastDims(a.dims, b.dims);
  return tape.record(graph.sub(a.value, b.value), dims, [a, b], (g) => [
    () => sumTo(graph, g, dims, a.dims),
    () => graph.map("Neg", sumTo(graph, g, dims, b.dims)),
  ]);
}

export function mul(tape: Tape, a: Variable, b: Variable): Variable {
  const { graph } = tape;
  const dims = broadcastDims(a.dims, b.dims);
  return tape.record(graph.mul(a.value, b.value), dims, [a, b], (g) => [
    () => sumTo(graph, graph.mul(g, b.value), dims, a.dims),
    () => sumTo(graph, graph.mul(g, a.value), dims, b.dims),
  ]);
}

export function div(tape: Tape, a: Variable, b: Variable): Variable {
  const { graph } = tape;
  const dims = broadcastDims(a.dims, b.dims);
  const quotient = graph.div(a.value, b.value);
  return tape.record(quotient, dims, [a, b], (g) => [
    () => sumTo(graph, graph.div(g, b.value), dims, a.dims),
    // d(a / b) / db = -(a / b) / b; b divides after the sum, where it is the same for all summed.
    () => graph.map("Neg", graph.div(sumTo(graph, graph.mul(g, quotient), dims, b.dims), b.value)),
  ]);
}

/** A function of one argument: its value, and the gradient from that of the result. */
function unary(tape: Tape, x: Variable, value: Value, gradient: (g: Value) => Value): Variable {
  return tape.record(value, x.dims, [x], (g) => [() => gradient(g)]);
}

export function neg(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  return unary(tape, x, graph.map("Neg", x.value), (g) => graph.map("Neg", g));
}

export function exp(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  const y = graph.map("Exp", x.value);
  return unary(tape, x, y, (g) => graph.mul(g, y));
}

export function log(tape: Tape, x: Variable): Variable {
  return unary(tape, x, logarithm(tape.graph, x.value, x.dims), (g) => tape.graph.div(g, x.value));
}

/**
 * Natural logarithm, as that of a sum of one number: ONNX Runtime's own Log gives other last bits where the
 * elements are shared among threads in another way.
 */
export function logarithm(graph: GraphBuilder, value: Value, dims: readonly number[]): Value {
  const column = graph.reshape(value, [elementCount(dims), 1]);
  return graph.reshape(graph.node("ReduceLogSum", [column, graph.ints([1])]), dims);
}

export function sqrt(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  const y = graph.map("Sqrt", x.value);
  return unary(tape, x, y, (g) => graph.div(graph.mul(g, graph.scalar(0.5)), y));
}

export function square(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  return unary(tape, x, graph.mul(x.value, x.value), (g) =>
    graph.mul(g, graph.mul(x.value, graph.scalar(2))),
  );
}

export function abs(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  return unary(tape, x, graph.map("Abs", x.value), (g) => graph.mul(g, graph.map("Sign", x.value)));
}

export function minimum(tape: Tape, x: Variable, bound: number): Variable {
  const { graph } = tape;
  const limit = graph.scalar(bound);
  return unary(tape, x, graph.node("Min", [x.value, limit]), (g) =>
    graph.node("Where", [graph.node("LessOrEqual", [x.value, limit]), g, graph.scalar(0)]),
  );
}

export function maximum(tape: Tape, x: Variable, bound: number): Variable {
  const { graph } = tape;
  const limit = graph.scalar(bound);
  return unary(tape, x, graph.node("Max", [x.value, limit]), (g) =>
    graph.node("Where", [graph.node("GreaterOrEqual", [x.value, limit]), g, graph.scalar(0)]),
  );
}

export function where(tape: Tape, condition: Value, a: Variable, b: Variable): Variable {
  const { graph } = tape;
  const dims = broadcastDims(a.dims, b.dims);
  const zero = graph.scalar(0);
  return tape.record(graph.node("Where", [condition, a.value, b.value]), dims, [a, b], (g) => [
    () => sumTo(graph, graph.node("Where", [condition, g, zero]), dims, a.dims),
    () => sumTo(graph, graph.node("Where", [condition, zero, g]), dims, b.dims),
  ]);
}

/** Repeats x along axes of extent 1. */
export function expand(tape: Tape, x: Variable, dims: readonly number[]): Variable {
  if (sameDims(x.dims, dims)) return x;
  const { graph } = tape;
  return tape.record(expandTo(graph, x.value, dims), dims, [x], (g) => [() => sumTo(graph, g, dims, x.dims)]);
}
