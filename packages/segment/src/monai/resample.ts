import type { Size3 } from "@viscera/core";

/** An array, x fastest and channels slowest, at places `at` along one axis, linear between its voxels. */
export function resampleAxis(
  data: Float32Array,
  size: Size3,
  axis: 0 | 1 | 2,
  at: Float64Array,
): Float32Array {
  const inner = size.slice(0, axis).reduce((all, n) => all * n, 1);
  const extent = size[axis];
  const outer = data.length / inner / extent;
  const out = new Float32Array(inner * at.length * outer);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < at.length; i++) {
      const low = Math.min(extent - 1, Math.floor(at[i]!));
      const high = Math.min(extent - 1, low + 1);
      const share = at[i]! - low;
      const a = inner * (low + extent * o);
      const b = inner * (high + extent * o);
      const target = inner * (i + at.length * o);
      for (let k = 0; k < inner; k++) {
        out[target + k] = data[a + k]! * (1 - share) + data[b + k]! * share;
      }
    }
  }
  return out;
}
