import { inputError, type Volume, type VoxelArray } from "@viscera/core";

/** Smallest and largest finite value; null when there is none. */
export function finiteRange(data: VoxelArray): { min: number; max: number; notFinite: number } | null {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let notFinite = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) notFinite++;
    else {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min > max ? null : { min, max, notFinite };
}

/**
 * `value * slope + intercept` for every voxel. Integers stay integers (int16, then int32) where the numbers
 * allow; otherwise float32 for inputs of up to 16 bits and float32, float64 for wider ones. Works in place
 * where the width allows.
 */
export function rescale(data: VoxelArray, slope: number, intercept: number): VoxelArray {
  if (slope === 1 && intercept === 0) return data;
  const float = data instanceof Float32Array || data instanceof Float64Array;
  const out = rescaledArray(data, slope, intercept, float);
  for (let i = 0; i < data.length; i++) out[i] = data[i]! * slope + intercept;
  return out;
}

function rescaledArray(data: VoxelArray, slope: number, intercept: number, float: boolean): VoxelArray {
  const inPlace = (width: number) => (data.BYTES_PER_ELEMENT === width ? data.buffer : null);
  if (!float && Number.isInteger(slope) && Number.isInteger(intercept)) {
    const range = finiteRange(data) ?? { min: 0, max: 0 };
    const ends = [range.min * slope + intercept, range.max * slope + intercept];
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    if (low >= -32768 && high <= 32767) {
      const buffer = inPlace(2);
      return buffer ? new Int16Array(buffer, data.byteOffset, data.length) : new Int16Array(data.length);
    }
    if (low >= -2147483648 && high <= 2147483647) {
      const buffer = inPlace(4);
      return buffer ? new Int32Array(buffer, data.byteOffset, data.length) : new Int32Array(data.length);
    }
    return new Float64Array(data.length);
  }
  if (data instanceof Float64Array) return data;
  if (data.BYTES_PER_ELEMENT === 4 && !float) return new Float64Array(data.length);
  return data instanceof Float32Array ? data : new Float32Array(data.length);
}

/**
 * The volume without NaN and infinities, and a warning that counts them: +infinity becomes the largest
 * finite value, NaN and -infinity the smallest. Changes the data in place. Throws `input.not-finite` when
 * no voxel is finite.
 */
export function finiteVolume(volume: Volume, where: string): { volume: Volume; warnings: string[] } {
  const { data } = volume;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return { volume, warnings: [] };
  const range = finiteRange(data);
  if (!range) {
    throw inputError(
      "not-finite",
      `${where} has no voxel with a finite value.`,
      "Export the image again from where it came from.",
    );
  }
  if (range.notFinite === 0) return { volume, warnings: [] };
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) data[i] = data[i] === Number.POSITIVE_INFINITY ? range.max : range.min;
  }
  const voxels = range.notFinite === 1 ? "1 voxel that was" : `${range.notFinite} voxels that were`;
  return {
    volume,
    warnings: [
      `The image has ${voxels} not a number or infinite; they were set to the nearest end of the finite range (${range.min} to ${range.max}).`,
    ],
  };
}

/** The volume as Int16Array where every value is an integer that fits, otherwise as it is. */
export function narrowToInt16(volume: Volume): Volume {
  const { data } = volume;
  if (data instanceof Int16Array || data instanceof Int8Array || data instanceof Uint8Array) return volume;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!(value >= -32768 && value <= 32767) || !Number.isInteger(value)) return volume;
  }
  return { ...volume, data: new Int16Array(data) };
}

/** Luminance of interleaved RGB(A) by ITU-R BT.601, rounded. */
export function luminance(data: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array(data.length / channels);
  for (let i = 0; i < out.length; i++) {
    const at = i * channels;
    out[i] = Math.round(0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
  }
  return out;
}
