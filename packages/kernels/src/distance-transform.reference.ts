/**
 * Exact Euclidean distance transform in plain TypeScript: per axis the lower envelope of parabolas, after
 * Felzenszwalb & Huttenlocher, "Distance transforms of sampled functions", Theory of Computing 8 (2012),
 * doi:10.4086/toc.2012.v008a019.
 */
import type { Size3, Vec3 } from "@viscera/core";
import { checkImage, checkSpacing } from "./check.js";

/**
 * Replaces `line[0..n-1]` (squared distances, Infinity where none is known) by
 * min over q of `line[q] + (spacing * (p - q))^2`.
 */
function lowerEnvelope(
  line: Float64Array,
  n: number,
  spacing: number,
  apex: Int32Array,
  from: Float64Array,
  height: Float64Array,
): void {
  const square = spacing * spacing;
  let last = -1;
  for (let q = 0; q < n; q++) {
    const value = line[q]!;
    if (value === Number.POSITIVE_INFINITY) continue;
    let start = Number.NEGATIVE_INFINITY;
    while (last >= 0) {
      const p = apex[last]!;
      start = ((value - height[last]!) / square + (q * q - p * p)) / (2 * (q - p));
      if (start > from[last]!) break;
      last--;
      start = Number.NEGATIVE_INFINITY;
    }
    last++;
    apex[last] = q;
    from[last] = start;
    height[last] = value;
  }
  if (last < 0) return;
  let current = 0;
  for (let p = 0; p < n; p++) {
    while (current < last && from[current + 1]! < p) current++;
    const step = p - apex[current]!;
    line[p] = height[current]! + step * step * square;
  }
}

/** Plain reference of `distanceTransform`: same arguments, same values up to float rounding. */
export function distanceTransformReference(mask: Uint8Array, size: Size3, spacingMm: Vec3): Float32Array {
  checkImage(mask, size);
  checkSpacing(spacingMm);
  const squared = new Float64Array(mask.length);
  for (let i = 0; i < mask.length; i++) squared[i] = mask[i] === 0 ? 0 : Number.POSITIVE_INFINITY;
  const longest = Math.max(...size);
  const line = new Float64Array(longest);
  const apex = new Int32Array(longest);
  const from = new Float64Array(longest);
  const height = new Float64Array(longest);
  const strides = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    const n = size[axis]!;
    const stride = strides[axis]!;
    for (let start = 0; start < squared.length; start++) {
      if (Math.floor(start / stride) % n !== 0) continue;
      for (let p = 0; p < n; p++) line[p] = squared[start + p * stride]!;
      lowerEnvelope(line, n, spacingMm[axis]!, apex, from, height);
      for (let p = 0; p < n; p++) squared[start + p * stride] = line[p]!;
    }
  }
  return Float32Array.from(squared, Math.sqrt);
}
