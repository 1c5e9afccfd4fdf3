/** Operations that move elements. */
import { failedError } from "@viscera/core";
import { elementCount } from "../tensor.js";
import { sameDims, shapeText } from "./broadcasting.js";
import { axisOf } from "./reductions.js";
import type { Tape, Variable } from "./tape.js";

export function reshape(tape: Tape, x: Variable, dims: readonly number[]): Variable {
  if (elementCount(dims) !== elementCount(x.dims)) {
    throw failedError("graph", `A tensor of ${shapeText(x.dims)} cannot become ${shapeText(dims)}.`);
  }
  if (sameDims(dims, x.dims)) return x;
  const { graph } = tape;
  return tape.record(graph.reshape(x.value, dims), dims, [x], (g) => [() => graph.reshape(g, x.dims)]);
}

export function transpose(tape: Tape, x: Variable, order: readonly number[]): Variable {
  const { graph } = tape;
  const inverse = order.map((_, axis) => order.indexOf(axis));
  const dims = order.map((axis) => x.dims[axisOf(axis, x.dims)]!);
  return tape.record(graph.transpose(x.value, order), dims, [x], (g) => [() => graph.transpose(g, inverse)]);
}

/** One axis of a slice: the index of its first element, the step, and how many there are. */
function sliceRange(start: number, end: number, step: number, extent: number) {
  const clamp = (index: number, low: number, high: number) =>
    Math.min(Math.max(index < 0 ? index + extent : index, low), high);
  const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
  const first = clamp(start, low, high);
  const last = clamp(end, low, high);
  return { first, step, count: Math.max(0, Math.ceil((last - first) / step)) };
}

export function slice(
  tape: Tape,
  x: Variable,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps?: readonly number[],
): Variable {
  const { graph } = tape;
  const dims = [...x.dims];
  const ranges = axes.map((axis, i) => {
    const along = axisOf(axis, x.dims);
    const range = sliceRange(starts[i]!, ends[i]!, steps?.[i] ?? 1, x.dims[along]!);
    dims[along] = range.count;
    return { axis: along, ...range };
  });
  if (elementCount(dims) === 0) throw failedError("graph", `A slice of ${shapeText(x.dims)} is empty.`);
  return tape.record(graph.slice(x.value, starts, ends, axes, steps), dims, [x], (g) => [
    () => {
      let value = g;
      const backwards = ranges.filter(({ step }) => step < 0).map(({ axis }) => axis);
      if (backwards.length > 0) value = flip(tape, value, backwards);
      const pads = new Array<number>(2 * dims.length).fill(0);
      const strided = ranges.some(({ step }) => Math.abs(step) > 1);
      if (strided) {
        // Every element becomes a run of |step|, zeros behind it: pad a new axis after each sliced one.
        const stepOf = (axis: number) => Math.abs(ranges.find((r) => r.axis === axis)?.step ?? 1);
        const split = dims.flatMap((n) => [n, 1]);
        const runs = split.map((_, i) => (i % 2 ? stepOf((i - 1) / 2) - 1 : 0));
        value = graph.pad(graph.reshape(value, split), [...split.map(() => 0), ...runs]);
        value = graph.reshape(
          value,
          dims.map((n, axis) => n * stepOf(axis)),
        );
      }
      for (const { axis, first, step, count } of ranges) {
        const before = step > 0 ? first : first + (count - 1) * step;
        pads[axis] = before;
        pads[axis + dims.length] = x.dims[axis]! - before - count * Math.abs(step);
      }
      return graph.pad(value, pads);
    },
  ]);
}

/** Reverses the order along axes. */
function flip(tape: Tape, value: Variable["value"], axes: readonly number[]) {
  const all = (n: number) => axes.map(() => n);
  return tape.graph.slice(value, all(-1), all(-(2 ** 31)), axes, all(-1));
}

export function concat(tape: Tape, xs: readonly Variable[], axis: number): Variable {
  const { graph } = tape;
  const first = xs[0]!;
  const along = axisOf(axis, first.dims);
  for (const { dims } of xs) {
    if (dims.length !== first.dims.length || dims.some((n, i) => i !== along && n !== first.dims[i])) {
      throw failedError(
        "graph",
        `Tensors of ${xs.map((x) => shapeText(x.dims)).join(" and ")} cannot be joined along axis ${axis}.`,
      );
    }
  }
  const dims = [...first.dims];
  dims[along] = xs.reduce((sum, x) => sum + x.dims[along]!, 0);
  const value = graph.concat(
    xs.map((x) => x.value),
    along,
  );
  let offset = 0;
  const parts = xs.map((x) => {
    const start = offset;
    offset += x.dims[along]!;
    return [start, offset] as const;
  });
  return tape.record(value, dims, xs, (g) =>
    parts.map(
      ([start, end]) =>
        () =>
          graph.slice(g, [start], [end], [along]),
    ),
  );
}

export function pad(tape: Tape, x: Variable, pads: readonly number[]): Variable {
  const { graph } = tape;
  const rank = x.dims.length;
  const dims = x.dims.map((n, axis) => n + pads[axis]! + pads[axis + rank]!);
  return tape.record(graph.pad(x.value, pads), dims, [x], (g) => [
    () =>
      graph.pad(
        g,
        pads.map((n) => -n),
      ),
  ]);
}
