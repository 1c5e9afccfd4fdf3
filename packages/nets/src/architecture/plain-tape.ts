/** A tape for constant weights, whose results do not depend on the number of threads. */
import { type ConvolutionOptions, Tape, type Variable } from "../autodiff/index.js";
import { elementCount } from "../tensor.js";
import type { Weights } from "../weights/weights.js";

/**
 * ONNX Runtime's Conv shares the voxels of its result among threads; where one gets 64 or fewer, the sums over
 * taps are cut elsewhere and the last bits change (measured with 1 to 8 threads; larger shares never did). A
 * product with a constant matrix gives the same bits always. 64 voxels for each of 64 threads:
 */
const SMALL = 4096;

export class PlainTape extends Tape {
  /** Parameters by name, each stored in the graph when it is first asked for. */
  constants(weights: Weights): (name: string) => Variable {
    const stored = new Map<string, Variable>();
    return (name) => {
      const { data, dims } = weights.get(name)!;
      const variable =
        stored.get(name) ?? this.wrap(this.graph.weights(name, data as Float32Array, dims), dims);
      stored.set(name, variable);
      return variable;
    };
  }

  override conv(
    x: Variable,
    weights: Variable,
    bias: Variable | null,
    options: ConvolutionOptions = {},
  ): Variable {
    const y = super.conv(x, weights, bias, options);
    const taps = elementCount(weights.dims.slice(1));
    if (elementCount(y.dims.slice(2)) > SMALL || taps <= 128 || (options.groups ?? 1) > 1) return y;
    return this.#gathered(x, weights, bias, options, y.dims);
  }

  /** Every voxel's taps side by side, times the weights. */
  #gathered(
    x: Variable,
    weights: Variable,
    bias: Variable | null,
    { strides, pads = 0, dilations }: ConvolutionOptions,
    dims: readonly number[],
  ): Variable {
    const [batch, channels] = x.dims as [number, number];
    const [filters, , ...kernel] = weights.dims as [number, number, ...number[]];
    const rank = kernel.length;
    const extents = dims.slice(2);
    const sides = typeof pads === "number" ? new Array<number>(2 * rank).fill(pads) : pads;
    const padded = this.pad(x, [0, 0, ...sides.slice(0, rank), 0, 0, ...sides.slice(rank)]);
    const axes = kernel.map((_, axis) => axis + 2);
    const steps = kernel.map((_, axis) => strides?.[axis] ?? 1);
    const taps: Variable[] = [];
    for (let tap = 0; tap < elementCount(kernel); tap++) {
      let rest = tap;
      const starts = kernel.map(() => 0);
      for (let axis = rank - 1; axis >= 0; axis--) {
        starts[axis] = (rest % kernel[axis]!) * (dilations?.[axis] ?? 1);
        rest = Math.floor(rest / kernel[axis]!);
      }
      const ends = starts.map((start, axis) => start + (extents[axis]! - 1) * steps[axis]! + 1);
      taps.push(this.slice(padded, starts, ends, axes, steps));
    }
    const voxels = elementCount(extents);
    const columns = this.reshape(this.concat(taps, 1), [batch, taps.length * channels, voxels]);
    // [filters, channels, tap] to [tap · channels, filters], as the taps lie.
    const split = this.reshape(weights, [filters, channels, taps.length]);
    const matrix = this.reshape(this.transpose(split, [2, 1, 0]), [taps.length * channels, filters]);
    const product = this.matMul(this.transpose(columns, [0, 2, 1]), matrix);
    const y = this.reshape(this.transpose(bias ? this.add(product, bias) : product, [0, 2, 1]), dims);
    return y;
  }
}
