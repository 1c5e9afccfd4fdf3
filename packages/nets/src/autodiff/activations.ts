/** Activation functions. */
import { failedError } from "@viscera/core";
import type { Value } from "../onnx/graph-builder.js";
import { reduceAxes, shapeText } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

function activation(tape: Tape, x: Variable, y: Value, gradient: (g: Value) => Value): Variable {
  return tape.record(y, x.dims, [x], (g) => [() => gradient(g)]);
}

export function relu(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  const y = graph.relu(x.value);
  const zero = graph.scalar(0);
  return activation(tape, x, y, (g) => graph.node("Where", [graph.node("Greater", [y, zero]), g, zero]));
}

export function leakyRelu(tape: Tape, x: Variable, slope: number): Variable {
  const { graph } = tape;
  return activation(tape, x, graph.leakyRelu(x.value, slope), (g) => {
    const positive = graph.node("Greater", [x.value, graph.scalar(0)]);
    return graph.mul(g, graph.node("Where", [positive, graph.scalar(1), graph.scalar(slope)]));
  });
}

/** He et al., "Delving deep into rectifiers", arXiv:1502.01852. */
export function prelu(tape: Tape, x: Variable, slope: Variable): Variable {
  const { graph } = tape;
  const channels = slope.dims[0]!;
  if (slope.dims.length !== 1 || (channels !== 1 && channels !== x.dims[1])) {
    throw failedError("graph", `Slopes of ${shapeText(slope.dims)} do not fit x of ${shapeText(x.dims)}.`);
  }
  const space = x.dims.slice(2).map(() => 1);
  const perChannel = graph.reshape(slope.value, [channels, ...space]);
  const zero = graph.scalar(0);
  return tape.record(graph.prelu(x.value, perChannel), x.dims, [x, slope], (g) => [
    () => {
      const positive = graph.node("Greater", [x.value, zero]);
      return graph.mul(g, graph.node("Where", [positive, graph.scalar(1), perChannel]));
    },
    () => {
      const negative = graph.mul(g, graph.node("Min", [x.value, zero]));
      const axes = x.dims.map((_, axis) => axis).filter((axis) => channels === 1 || axis !== 1);
      return graph.reshape(reduceAxes(graph, "Sum", negative, axes), [channels]);
    },
  ]);
}

/** Hendrycks & Gimpel, "Gaussian error linear units", arXiv:1606.08415. */
export function gelu(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  return activation(tape, x, graph.gelu(x.value), (g) => {
    // The derivative is the normal distribution function plus x times the normal density.
    const erf = graph.map("Erf", graph.mul(x.value, graph.scalar(Math.SQRT1_2)));
    const distribution = graph.mul(graph.add(erf, graph.scalar(1)), graph.scalar(0.5));
    const exponent = graph.mul(graph.mul(x.value, x.value), graph.scalar(-0.5));
    const density = graph.mul(graph.map("Exp", exponent), graph.scalar(1 / Math.sqrt(2 * Math.PI)));
    return graph.mul(g, graph.add(distribution, graph.mul(x.value, density)));
  });
}

export function silu(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  const s = graph.sigmoid(x.value);
  const y = graph.mul(x.value, s);
  // (x s)' = s + x s (1 - s) = s + y (1 - s)
  return activation(tape, x, y, (g) =>
    graph.mul(g, graph.add(s, graph.mul(y, graph.sub(graph.scalar(1), s)))),
  );
}

export function sigmoid(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  const y = graph.sigmoid(x.value);
  return activation(tape, x, y, (g) => graph.mul(g, graph.mul(y, graph.sub(graph.scalar(1), y))));
}

export function tanh(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  const y = graph.tanh(x.value);
  return activation(tape, x, y, (g) => graph.mul(g, graph.sub(graph.scalar(1), graph.mul(y, y))));
}
