/**
 * Resampling of space, as torch's `interpolate`. Along one axis it is a product with a small matrix, whose
 * transpose gives the gradient.
 */
import { failedError } from "@viscera/core";
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount, floatTensor } from "../tensor.js";
import { shapeText } from "./broadcasting.js";
import type { Tape, Variable } from "./tape.js";

/** Factors, one an axis of space, or the extents wanted. */
export type InterpolateTarget = readonly number[] | { readonly size: readonly number[] };

export interface InterpolateOptions {
  /** For `linear`: the centres of the corner voxels stay where they are; default false, half-pixel centres. */
  alignCorners?: boolean;
}

/** The voxels that a voxel of the result is made of, with their weights. */
type Row = readonly (readonly [index: number, weight: number])[];

function rowsOf(
  extent: number,
  out: number,
  factor: number,
  mode: "nearest" | "linear",
  alignCorners: boolean,
): Row[] {
  return Array.from({ length: out }, (_, o) => {
    if (mode === "nearest") return [[Math.min(Math.floor(o / factor), extent - 1), 1]];
    const centre = alignCorners ? (out > 1 ? (o * (extent - 1)) / (out - 1) : 0) : (o + 0.5) / factor - 0.5;
    const position = Math.min(Math.max(centre, 0), extent - 1);
    const low = Math.min(Math.floor(position), Math.max(extent - 2, 0));
    const weight = position - low;
    return weight === 0
      ? [[low, 1]]
      : [
          [low, 1 - weight],
          [low + 1, weight],
        ];
  });
}

/** The rows as a matrix [out, extent], or transposed. */
function matrixOf(rows: readonly Row[], extent: number, transposed: boolean): Float32Array {
  const matrix = new Float32Array(rows.length * extent);
  rows.forEach((row, o) => {
    for (const [i, weight] of row) matrix[transposed ? i * rows.length + o : o * extent + i]! += weight;
  });
  return matrix;
}

/** Resamples one axis of `value`, whose extents are `dims`, by a matrix [to, dims[axis]]. */
function alongAxis(
  graph: GraphBuilder,
  value: Value,
  dims: readonly number[],
  axis: number,
  rows: readonly Row[],
  extent: number,
  backward: boolean,
): Value {
  const [to, from] = backward ? [extent, rows.length] : [rows.length, extent];
  const result = dims.map((n, i) => (i === axis ? to : n));
  if (axis === dims.length - 1) {
    const matrix = graph.constant(floatTensor(matrixOf(rows, extent, !backward), [from, to]));
    return graph.reshape(graph.matMul(value, matrix), result);
  }
  const matrix = graph.constant(floatTensor(matrixOf(rows, extent, backward), [to, from]));
  const flat = [elementCount(dims.slice(0, axis)), from, elementCount(dims.slice(axis + 1))];
  return graph.reshape(graph.matMul(matrix, graph.reshape(value, flat)), result);
}

export function interpolate(
  tape: Tape,
  x: Variable,
  target: InterpolateTarget,
  mode: "nearest" | "linear",
  { alignCorners = false }: InterpolateOptions,
): Variable {
  const extents = x.dims.slice(2);
  const given = "size" in target ? target.size : target;
  if (given.length !== extents.length) {
    throw failedError("graph", `A tensor of ${shapeText(x.dims)} is resampled by ${given.length} numbers.`);
  }
  const sizes = "size" in target ? target.size : extents.map((n, axis) => Math.floor(n * target[axis]!));
  let result = x;
  // The last axis first: the products are smallest while the tensor still is.
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    const extent = extents[axis]!;
    const size = sizes[axis]!;
    const factor = "size" in target ? size / extent : target[axis]!;
    const rows = rowsOf(extent, size, factor, mode, alignCorners);
    if (rows.length === extent && rows.every((row, i) => row.length === 1 && row[0]![0] === i)) continue;
    result = resample(tape, result, axis + 2, rows, mode);
  }
  return result;
}

function resample(
  tape: Tape,
  x: Variable,
  axis: number,
  rows: readonly Row[],
  mode: "nearest" | "linear",
): Variable {
  const { graph } = tape;
  const extent = x.dims[axis]!;
  const dims = x.dims.map((n, i) => (i === axis ? rows.length : n));
  const value =
    mode === "nearest"
      ? graph.node("Gather", [x.value, graph.ints(rows.map((row) => row[0]![0]))], { axis: { int: axis } })
      : alongAxis(graph, x.value, x.dims, axis, rows, extent, false);
  return tape.record(value, dims, [x], (g) => [() => alongAxis(graph, g, dims, axis, rows, extent, true)]);
}
