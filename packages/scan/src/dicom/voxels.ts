/** Fills a volume slice by slice, in the smallest number type of Int16, Int32 and Float64 that holds its integers. */
import type { VoxelArray } from "@viscera/core";

export class VoxelWriter {
  data: VoxelArray;
  private readonly sliceLength: number;
  private readonly integers: boolean;

  /** @param integers whether values are whole numbers; others are stored as Float32. */
  constructor(sliceLength: number, slices: number, integers: boolean) {
    this.sliceLength = sliceLength;
    this.integers = integers;
    this.data = integers ? new Int16Array(sliceLength * slices) : new Float32Array(sliceLength * slices);
  }

  /** Stores one slice; integers are rounded to (interpolation leaves fractions). */
  put(slice: number, values: Float64Array): void {
    const at = slice * this.sliceLength;
    if (!this.integers) {
      this.data.set(values, at);
      return;
    }
    let least = 0;
    let most = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (this.data instanceof Int16Array && (least < -32768.5 || most >= 32767.5))
      this.data = Int32Array.from(this.data);
    if (this.data instanceof Int32Array && (least < -(2 ** 31) - 0.5 || most >= 2 ** 31 - 0.5))
      this.data = Float64Array.from(this.data);
    storeRounded(this.data, at, values);
  }
}

function storeRounded(data: VoxelArray, at: number, values: Float64Array): void {
  // Twice as fast as Math.round, which minds the sign of zero.
  for (let i = 0; i < values.length; i++) data[at + i] = Math.floor(values[i]! + 0.5);
}
