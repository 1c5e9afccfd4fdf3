/**
 * Cubic B-spline coefficients by recursive filtering, mirror boundaries: Unser, "Splines: a perfect fit for
 * signal and image processing", IEEE Signal Processing Magazine 16 (1999), doi:10.1109/79.799930. Equal to
 * scipy.ndimage.spline_filter(order=3, mode="mirror").
 */
import type { Size3 } from "@viscera/core";

export const SPLINE_POLE = Math.sqrt(3) - 2;

/** Filters `line[0..n-1]` in place; a line of one voxel is its own coefficient. */
function filterLine(line: Float64Array, n: number): void {
  if (n === 1) return;
  const z = SPLINE_POLE;
  // Exact sum over the mirrored signal, whose period is 2(n - 1).
  const last = z ** (n - 1);
  let start = line[0]! + last * line[n - 1]!;
  for (let i = 1, power = z; i < n - 1; i++, power *= z)
    start += power * (line[i]! + last * line[n - 1 - i]!);
  let previous = (6 * start) / (1 - last * last);
  const first = previous;
  for (let i = 1; i < n; i++) {
    previous = 6 * line[i]! + z * previous;
    line[i] = previous;
  }
  line[0] = first;
  line[n - 1] = (z / (z * z - 1)) * (z * line[n - 2]! + line[n - 1]!);
  for (let i = n - 2; i >= 0; i--) line[i] = z * (line[i + 1]! - line[i]!);
}

/** Coefficients of the cubic spline through the voxels of an image. */
export function splineCoefficients(image: ArrayLike<number>, size: Size3): Float64Array {
  const out = Float64Array.from(image);
  const strides = [1, size[0], size[0] * size[1]];
  const line = new Float64Array(Math.max(...size));
  for (let axis = 0; axis < 3; axis++) {
    const n = size[axis]!;
    const stride = strides[axis]!;
    for (let start = 0; start < out.length; start++) {
      if (Math.floor(start / stride) % n !== 0) continue;
      for (let p = 0; p < n; p++) line[p] = out[start + p * stride]!;
      filterLine(line, n);
      for (let p = 0; p < n; p++) out[start + p * stride] = line[p]!;
    }
  }
  return out;
}
