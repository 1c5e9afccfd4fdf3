/**
 * The voxels of a fine grid with one remainder modulo the stride: a phase. In a transposed convolution all of them
 * get the same taps of the kernel.
 */
import type { GraphBuilder, Value } from "../onnx/graph-builder.js";
import { elementCount } from "../tensor.js";
import type { ConvolutionGeometry } from "./convolution-geometry.js";

/** The taps that reach one phase along one axis: kernel indices first, first + step, ... (`count` of them). */
export interface Phase {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Offset between the coarse voxels that neighbouring taps read. */
  readonly dilation: number;
  /** Coarse voxel read by the first tap for the phase's voxel 0. */
  readonly start: number;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** fine[stride · a + phase] = Σ_j coarse[a + start - j · dilation] · weights[first + j · step] */
function phaseOf(phase: number, kernel: number, stride: number, dilation: number, before: number): Phase {
  const step = stride / greatestCommonDivisor(stride, dilation);
  for (let k = 0; k < Math.min(kernel, step); k++) {
    const distance = phase + before - k * dilation;
    if (distance % stride === 0) {
      return {
        first: k,
        step,
        count: Math.ceil((kernel - k) / step),
        dilation: (dilation * step) / stride,
        start: distance / stride,
      };
    }
  }
  return { first: 0, step: 1, count: 0, dilation: 1, start: 0 };
}

/** Every phase of a geometry, one entry an axis; the last axis fastest. */
export function phasesOf({ kernel, strides, dilations, before }: ConvolutionGeometry): Phase[][] {
  return kernel.reduce<Phase[][]>(
    (all, k, axis) =>
      all.flatMap((head) =>
        Array.from({ length: strides[axis]! }, (_, phase) => [
          ...head,
          phaseOf(phase, k, strides[axis]!, dilations[axis]!, before[axis]!),
        ]),
      ),
    [[]],
  );
}

/** Voxels of every phase; where the stride does not divide the extent, some lie beyond the grid. */
export function cellsOf({ fine, strides }: ConvolutionGeometry): number[] {
  return fine.extents.map((n, axis) => Math.ceil(n / strides[axis]!));
}

/**
 * Puts phases side by side: from [...strides, channels, ...cells], or from [channels, ...strides, ...cells], to
 * [channels, ...strides · cells]. The last axis by itself first, for then whole rows can be moved.
 */
export function interleave(
  graph: GraphBuilder,
  value: Value,
  channels: number,
  strides: readonly number[],
  cells: readonly number[],
  order: "phases first" | "channels first",
): Value {
  const stride = strides.at(-1)!;
  const outer = strides.slice(0, -1);
  const phases = elementCount(outer);
  const voxels = elementCount(cells);
  const channelsFirst = order === "channels first";
  let rows = value;
  if (stride > 1) {
    const split = channelsFirst ? [channels * phases, stride, voxels] : [phases, stride, channels * voxels];
    rows = graph.transpose(graph.reshape(rows, split), [0, 2, 1]);
  }
  if (phases > 1) {
    const row = cells.at(-1)! * stride;
    const space = cells.slice(0, -1);
    rows = graph.reshape(rows, [
      ...(channelsFirst ? [channels, ...outer] : [...outer, channels]),
      ...space,
      row,
    ]);
    const [channelAxis, phaseAxis] = channelsFirst ? [0, 1] : [outer.length, 0];
    const spaceAxis = outer.length + 1;
    const pairs = outer.flatMap((_, axis) => [spaceAxis + axis, phaseAxis + axis]);
    rows = graph.transpose(rows, [channelAxis, ...pairs, 2 * outer.length + 1]);
  }
  return graph.reshape(rows, [channels, ...cells.map((n, axis) => n * strides[axis]!)]);
}
