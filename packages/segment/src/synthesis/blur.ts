/** Gaussian blur and lower resolution, one axis at a time, in place. */
import type { Size3 } from "@viscera/core";

/** Axis lengths as (before, along, after) in memory: voxel = (outer * n + i) * inner + j. */
function layout(size: Size3, axis: number): { outer: number; n: number; inner: number } {
  const inner = size.slice(0, axis).reduce((a, b) => a * b, 1);
  const outer = size.slice(axis + 1).reduce((a, b) => a * b, 1);
  return { outer, n: size[axis]!, inner };
}

/** Blurs along an axis by a Gaussian of `sigma` voxels, edges extended. Nothing happens below 0.2. */
export function blurAxis(data: Float32Array, size: Size3, axis: number, sigma: number): void {
  if (sigma < 0.2) return;
  const { outer, n, inner } = layout(size, axis);
  const radius = Math.max(1, Math.ceil(2.5 * sigma));
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! / sum;
  const slab = new Float32Array((n + 2 * radius) * inner);
  for (let o = 0; o < outer; o++) {
    const start = o * n * inner;
    const block = data.subarray(start, start + n * inner);
    slab.set(block, radius * inner);
    for (let r = 0; r < radius; r++) {
      slab.set(block.subarray(0, inner), r * inner);
      slab.set(block.subarray((n - 1) * inner), (radius + n + r) * inner);
    }
    // The five middle taps in one pass, further ones in a pass each.
    const at = radius * inner;
    const near = inner;
    const far = Math.min(2, radius) * inner;
    const w0 = weights[radius]!;
    const w1 = weights[radius + 1]!;
    const w2 = radius > 1 ? weights[radius + 2]! : 0;
    for (let i = 0, j = at; i < block.length; i++, j++) {
      block[i] =
        w0 * slab[j]! + w1 * (slab[j - near]! + slab[j + near]!) + w2 * (slab[j - far]! + slab[j + far]!);
    }
    for (let r = 3; r <= radius; r++) {
      const weight = weights[radius + r]!;
      const low = (radius - r) * inner;
      const high = (radius + r) * inner;
      for (let i = 0; i < block.length; i++)
        block[i] = block[i]! + weight * (slab[i + low]! + slab[i + high]!);
    }
  }
}

/** Blurs along all axes by as many voxels each. */
export function blur(data: Float32Array, size: Size3, sigma: readonly number[]): void {
  for (let axis = 0; axis < 3; axis++) blurAxis(data, size, axis, sigma[axis]!);
}

/**
 * As if slices `factor` voxels thick had been taken along the axis and the image then resampled: linearly, or
 * each voxel from its nearest slice.
 */
export function thickSlices(
  data: Float32Array,
  size: Size3,
  axis: number,
  factor: number,
  { nearest, shift }: { nearest: boolean; shift: number },
): void {
  // The standard deviation of a slice profile whose width at half height is the slice's.
  blurAxis(data, size, axis, factor / 2.355);
  const { outer, n, inner } = layout(size, axis);
  const source = new Float32Array(n * inner);
  const clamp = (i: number) => Math.min(n - 1, Math.max(0, Math.round(i)));
  for (let o = 0; o < outer; o++) {
    const block = data.subarray(o * n * inner, (o + 1) * n * inner);
    source.set(block);
    for (let i = 0; i < n; i++) {
      const at = i / factor + shift;
      const slice = Math.floor(at);
      const weight = nearest ? Math.round(at - slice) : at - slice;
      const low = clamp((slice - shift) * factor) * inner;
      const high = clamp((slice + 1 - shift) * factor) * inner;
      for (let j = 0; j < inner; j++)
        block[i * inner + j] = source[low + j]! + weight * (source[high + j]! - source[low + j]!);
    }
  }
}
