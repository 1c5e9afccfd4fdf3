/**
 * Sums, maxima and the softmax over the channels of [N, C, ...], with gradients. Written in operations that ONNX
 * Runtime does at the speed of memory: its own Softmax and reductions along this axis take 10 to 40 times as long.
 */
import { logarithm } from "../autodiff/elementwise.js";
import type { Tape, Variable } from "../autodiff/index.js";
import type { Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";

/** [N, C, ...] with one channel. */
function single(dims: readonly number[]): number[] {
  return dims.map((n, axis) => (axis === 1 ? 1 : n));
}

/** Sum over channels, [N, 1, ...], as a product with a row of ones. */
function sum({ graph }: Tape, value: Value, dims: readonly number[]): Value {
  const [samples, channels, ...space] = dims as [number, number, ...number[]];
  const ones = graph.reshape(graph.floats(new Array<number>(channels).fill(1)), [1, channels]);
  const flat = graph.reshape(value, [samples, channels, elementCount(space)]);
  return graph.reshape(graph.matMul(ones, flat), single(dims));
}

/** Sum over channels of x times factors that broadcast to it and have no gradient, [N, 1, ...]. */
export function sumOverChannels(tape: Tape, x: Variable, factors: Variable): Variable {
  const { graph } = tape;
  const value = sum(tape, graph.mul(x.value, factors.value), x.dims);
  return tape.record(value, single(x.dims), [x], (g) => [() => graph.mul(factors.value, g)]);
}

/** Largest of the channels, [N, 1, ...], without a gradient. */
export function largestChannel(tape: Tape, x: Variable): Variable {
  const { graph } = tape;
  let { value } = x;
  let channels = x.dims[1]!;
  while (channels > 1) {
    const half = Math.ceil(channels / 2);
    // With an odd number, the middle one is in both halves.
    const upper = graph.slice(value, [channels - half], [channels], [1]);
    value = graph.node("Max", [graph.slice(value, [0], [half], [1]), upper]);
    channels = half;
  }
  return tape.wrap(value, single(x.dims));
}

/** x with another first channel, [N, 1, ...]. */
export function withFirstChannel(tape: Tape, first: Variable, x: Variable): Variable {
  const { graph } = tape;
  const channels = x.dims[1]!;
  const rest = graph.slice(x.value, [1], [channels], [1]);
  const pads = x.dims.map((_, axis) => (axis === 1 ? 1 : 0));
  return tape.record(graph.concat([first.value, rest]), x.dims, [first, x], (g) => [
    () => graph.slice(g, [0], [1], [1]),
    () => graph.pad(graph.slice(g, [1], [channels], [1]), [...pads, ...pads.map(() => 0)]),
  ]);
}

export interface ChannelSoftmax {
  /** [N, C, ...] */
  probabilities: Variable;
  /** Logarithm of the sum of the channels' exponentials, [N, 1, ...]. */
  logSum: Variable;
}

/** Softmax of x, of which the largest channel must be near 0 (`x - largestChannel`). */
export function channelSoftmax(tape: Tape, x: Variable): ChannelSoftmax {
  const { graph } = tape;
  const powers = graph.map("Exp", x.value);
  const total = sum(tape, powers, x.dims);
  const p = graph.div(powers, total);
  return {
    probabilities: tape.record(p, x.dims, [x], (g) => [
      () => {
        const weighted = graph.mul(g, p);
        return graph.sub(weighted, graph.mul(p, sum(tape, weighted, x.dims)));
      },
    ]),
    logSum: tape.record(logarithm(graph, total, single(x.dims)), single(x.dims), [x], (g) => [
      () => graph.mul(p, g),
    ]),
  };
}
