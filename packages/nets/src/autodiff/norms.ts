/**
 * Normalisations: instance (Ulyanov et al., arXiv:1607.08022), group (Wu & He, arXiv:1803.08494), batch (Ioffe &
 * Szegedy, arXiv:1502.03167) and layer (Ba et al., arXiv:1607.06450). Variances are biased and taken of the
 * centred values, means in two steps, of rows first: a mean of 1000 with a deviation of 1 keeps five digits.
 */
import { failedError } from "@viscera/core";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import { expandTo, reduceAxes, shapeText } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

/** Computed at the first call. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function checkChannels(parameter: Variable | null, channels: number): void {
  if (parameter !== null && (parameter.dims.length !== 1 || parameter.dims[0] !== channels)) {
    throw failedError(
      "graph",
      `A norm of ${channels} channels has no scale or shift of ${shapeText(parameter.dims)}.`,
    );
  }
}

/** Longest sums of the first of two steps; the shorter, the more digits stay. */
const LONGEST_ROW = 256;

/** [N, C, rows, length of a row] for [N, C, ...space]: as many of the last axes in a row as may be. */
function rowsOf([batch, channels, ...space]: readonly number[]): number[] {
  let length = 1;
  let axis = space.length;
  while (axis > 0 && length * space[axis - 1]! <= LONGEST_ROW) length *= space[--axis]!;
  return [batch!, channels!, elementCount(space) / length, length];
}

/**
 * The norms of x [N, C, ...space] that differ only in which channels and samples share their statistics:
 * `share` takes means of single samples and channels [N, C, 1...] to those of all that share, of extents that
 * broadcast to the same.
 */
function channelNorm(
  tape: Tape,
  x: Variable,
  scale: Variable | null,
  shift: Variable | null,
  eps: number,
  share: (means: Value) => Value,
): { y: Variable; mean: Value; variance: Value } {
  const { graph } = tape;
  const channels = x.dims[1]!;
  checkChannels(scale, channels);
  checkChannels(shift, channels);
  const space = x.dims.map((_, axis) => axis).slice(2);
  const voxels = elementCount(x.dims.slice(2));
  const perChannel = [1, channels, ...space.map(() => 1)];
  const kept = [x.dims[0]!, channels, ...space.map(() => 1)];
  const rows = rowsOf(x.dims);
  const spaceMean = (value: Value) =>
    graph.reshape(reduceAxes(graph, "Mean", graph.reshape(value, rows), [2, 3]), kept);
  const scaled = (value: Value) => (scale ? graph.mul(value, graph.reshape(scale.value, perChannel)) : value);

  const mean = share(spaceMean(x.value));
  const centred = graph.sub(x.value, mean);
  const variance = share(spaceMean(graph.mul(centred, centred)));
  const inverse = graph.map("Reciprocal", graph.map("Sqrt", graph.add(variance, graph.scalar(eps))));
  const factor = scaled(inverse);
  const product = graph.mul(centred, factor);
  const value = shift ? graph.add(product, graph.reshape(shift.value, perChannel)) : product;

  const inputs = [x, ...(scale ? [scale] : []), ...(shift ? [shift] : [])];
  const y = tape.record(value, x.dims, inputs, (g) => {
    const meanOfG = once(() => spaceMean(g));
    const meanOfProduct = once(() => graph.mul(spaceMean(graph.mul(g, centred)), inverse));
    const sumOverSamples = (means: Value) =>
      graph.reshape(graph.mul(reduceAxes(graph, "Sum", means, [0]), graph.scalar(voxels)), [channels]);
    // dx = inverse · (g' - mean(g') - x̂ mean(g' x̂)) with g' = scale · g and x̂ = centred · inverse.
    const gradientOfX = () => {
      const constant = graph.mul(share(scaled(meanOfG())), inverse);
      const slope = graph.mul(share(scaled(meanOfProduct())), graph.mul(inverse, inverse));
      return graph.sub(graph.mul(g, factor), graph.add(graph.mul(centred, slope), constant));
    };
    return [
      gradientOfX,
      ...(scale ? [() => sumOverSamples(meanOfProduct())] : []),
      ...(shift ? [() => sumOverSamples(meanOfG())] : []),
    ];
  });
  return { y, mean, variance };
}

export function instanceNorm(
  tape: Tape,
  x: Variable,
  scale: Variable | null,
  shift: Variable | null,
  eps: number,
): Variable {
  return channelNorm(tape, x, scale, shift, eps, (means) => means).y;
}

export function groupNorm(
  tape: Tape,
  x: Variable,
  groups: number,
  scale: Variable | null,
  shift: Variable | null,
  eps: number,
): Variable {
  const { graph } = tape;
  const [batch, channels] = x.dims as [number, number];
  if (channels % groups !== 0) {
    throw failedError("graph", `${channels} channels cannot be normalised in ${groups} groups.`);
  }
  const grouped = [batch, groups, channels / groups];
  const kept = [batch, channels, ...x.dims.slice(2).map(() => 1)];
  return channelNorm(tape, x, scale, shift, eps, (means) =>
    graph.reshape(expandTo(graph, graph.reduce("Mean", graph.reshape(means, grouped), [2]), grouped), kept),
  ).y;
}

export function batchNorm(
  tape: Tape,
  x: Variable,
  scale: Variable | null,
  shift: Variable | null,
  eps: number,
): { y: Variable; mean: Variable; variance: Variable } {
  const { graph } = tape;
  const channels = [x.dims[1]!];
  const { y, mean, variance } = channelNorm(tape, x, scale, shift, eps, (means) =>
    graph.reduce("Mean", means, [0]),
  );
  const statistic = (value: Value) => tape.wrap(graph.reshape(value, channels), channels);
  return { y, mean: statistic(mean), variance: statistic(variance) };
}

export function layerNorm(
  tape: Tape,
  x: Variable,
  scale: Variable | null,
  shift: Variable | null,
  eps: number,
): Variable {
  const { graph } = tape;
  const last = x.dims.length - 1;
  const channels = x.dims[last]!;
  checkChannels(scale, channels);
  checkChannels(shift, channels);
  const mean = (value: Value) => graph.reduce("Mean", value, [last]);
  const centred = graph.sub(x.value, mean(x.value));
  const variance = mean(graph.mul(centred, centred));
  const deviation = graph.map("Sqrt", graph.add(variance, graph.scalar(eps)));
  const normal = graph.div(centred, deviation);
  const product = scale ? graph.mul(normal, scale.value) : normal;
  const value = shift ? graph.add(product, shift.value) : product;
  const inputs = [x, ...(scale ? [scale] : []), ...(shift ? [shift] : [])];
  return tape.record(value, x.dims, inputs, (g) => [
    () => {
      const scaled = scale ? graph.mul(g, scale.value) : g;
      const along = graph.mul(normal, mean(graph.mul(scaled, normal)));
      return graph.div(graph.sub(graph.sub(scaled, mean(scaled)), along), deviation);
    },
    ...(scale ? [() => sumOverTokens(graph, graph.mul(g, normal), x.dims)] : []),
    ...(shift ? [() => sumOverTokens(graph, g, x.dims)] : []),
  ]);
}

function sumOverTokens(graph: GraphBuilder, value: Value, dims: readonly number[]): Value {
  const axes = dims.map((_, axis) => axis).slice(0, -1);
  return graph.reshape(reduceAxes(graph, "Sum", value, axes), [dims.at(-1)!]);
}
