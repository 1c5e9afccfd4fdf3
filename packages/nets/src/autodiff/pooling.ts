/** Average and maximum over windows. */
import { failedError } from "@viscera/core";
import type { Pads } from "../onnx/graph-builder.js";
import { elementCount, floatTensor } from "../tensor.js";
import { shapeText } from "./broadcasting.js";
import type { ConvolutionGeometry } from "./convolution-geometry.js";
import type { Tape, Variable } from "./tape.js";
import { convolveTransposed } from "./transposed-convolution.js";

export interface PoolOptions {
  kernel: readonly number[];
  /** Default: the kernel. */
  strides?: readonly number[];
  /** Default 0. */
  pads?: Pads;
}

export interface AveragePoolOptions extends PoolOptions {
  /** Whether zeros at the border count as voxels; default true. */
  countPadding?: boolean;
}

function windows(x: Variable, { kernel, strides = kernel, pads = 0 }: PoolOptions) {
  const rank = kernel.length;
  const extents = x.dims.slice(2);
  const sides = typeof pads === "number" ? new Array<number>(2 * rank).fill(pads) : pads;
  if (extents.length !== rank || strides.length !== rank || sides.length !== 2 * rank) {
    throw failedError(
      "graph",
      `Windows of ${shapeText(kernel)} do not fit a tensor of ${shapeText(x.dims)}.`,
    );
  }
  const before = sides.slice(0, rank);
  const out = extents.map((n, axis) => {
    const free = n + before[axis]! + sides[axis + rank]! - kernel[axis]!;
    return Math.floor(free / strides[axis]!) + 1;
  });
  if (out.some((n) => !(n >= 1))) {
    throw failedError(
      "graph",
      `Windows of ${shapeText(kernel)} are larger than ${shapeText(extents)} voxels.`,
    );
  }
  return { kernel, strides, sides, before, extents, out };
}

type Windows = ReturnType<typeof windows>;

/** How many voxels inside the image each window holds, along one axis. */
function insideCounts({ kernel, strides, before, extents, out }: Windows, axis: number): number[] {
  return Array.from({ length: out[axis]! }, (_, o) => {
    const start = o * strides[axis]! - before[axis]!;
    return Math.min(start + kernel[axis]!, extents[axis]!) - Math.max(start, 0);
  });
}

export function averagePool(tape: Tape, x: Variable, options: AveragePoolOptions): Variable {
  const { graph } = tape;
  const shape = windows(x, options);
  const { kernel, strides, sides, before, extents, out } = shape;
  const countPadding = options.countPadding ?? true;
  const [batch, channels] = x.dims as [number, number];
  const value = graph.node("AveragePool", [x.value], {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: sides },
    count_include_pad: { int: Number(countPadding) },
  });
  const dims = [batch, channels, ...out];
  // Every voxel of a window gets an equal share: the transpose of a convolution, each channel by itself.
  const geometry: ConvolutionGeometry = {
    batch: batch * channels,
    groups: 1,
    fine: { channels: 1, extents },
    coarse: { channels: 1, extents: out },
    kernel,
    strides,
    dilations: kernel.map(() => 1),
    before,
  };
  return tape.record(value, dims, [x], (g) => [
    () => {
      const taps = elementCount(kernel);
      const share = new Float32Array(taps).fill(countPadding ? 1 / taps : 1);
      let shares = g;
      if (!countPadding) {
        for (const axis of kernel.keys()) {
          const inverse = Float32Array.from(insideCounts(shape, axis), (n) => 1 / n);
          const along = out.map((n, i) => (i === axis ? n : 1));
          shares = graph.mul(shares, graph.constant(floatTensor(inverse, along)));
        }
      }
      const weights = graph.constant(floatTensor(share, [1, 1, ...kernel]));
      const single = graph.reshape(shares, [batch * channels, 1, ...out]);
      return graph.reshape(convolveTransposed(graph, single, weights, null, geometry), x.dims);
    },
  ]);
}

/** The gradient goes to the first largest voxel of each window. */
export function maxPool(tape: Tape, x: Variable, options: PoolOptions): Variable {
  const { graph } = tape;
  const { kernel, strides, sides, out } = windows(x, options);
  const dims = [...x.dims.slice(0, 2), ...out];
  const attributes = {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: sides },
  };
  const [value, indices] = graph.nodes("MaxPool", [x.value], attributes, {
    outputs: x.needsGradient ? 2 : 1,
  });
  return tape.record(value!, dims, [x], (g) => [
    () => {
      // The indices count through the whole tensor.
      const nothing = graph.node("ConstantOfShape", [graph.ints([elementCount(x.dims)])]);
      const flat = graph.ints([-1]);
      const scattered = graph.node(
        "ScatterElements",
        [nothing, graph.node("Reshape", [indices!, flat]), graph.node("Reshape", [g, flat])],
        { reduction: { string: "add" } },
      );
      return graph.reshape(scattered, x.dims);
    },
  ]);
}
