/**
 * Slices moved within their planes and blended with their neighbours. Done slice by slice, so that tilted and
 * unevenly spaced series never stand in memory twice, as a resampling of the whole volume would have them.
 */
import type { Shift } from "./stack.js";

/** Size of an image in its plane. */
export interface PlaneSize {
  columns: number;
  rows: number;
}

/**
 * The image moved by a part of a pixel into a larger frame: `out(c, r) = image(c - shift.columns,
 * r - shift.rows)`, bilinear; `outside` where that lies more than half a pixel beyond the image.
 * `channels` values a pixel, interleaved.
 */
export function shifted(
  image: Float64Array,
  from: PlaneSize,
  to: PlaneSize,
  shift: Shift,
  outside: number,
  channels = 1,
): Float64Array {
  const out = new Float64Array(to.columns * to.rows * channels).fill(outside);
  const across = axisOf(from.columns, to.columns, shift.columns);
  const down = axisOf(from.rows, to.rows, shift.rows);
  for (let r = down.first; r < down.end; r++) {
    const upper = down.low[r]! * from.columns;
    const lower = down.high[r]! * from.columns;
    const v = down.weight[r]!;
    for (let c = across.first; c < across.end; c++) {
      const left = across.low[c]!;
      const right = across.high[c]!;
      const u = across.weight[c]!;
      for (let n = 0; n < channels; n++) {
        const top =
          image[(upper + left) * channels + n]! * (1 - u) + image[(upper + right) * channels + n]! * u;
        const base =
          image[(lower + left) * channels + n]! * (1 - u) + image[(lower + right) * channels + n]! * u;
        out[(r * to.columns + c) * channels + n] = top * (1 - v) + base * v;
      }
    }
  }
  return out;
}

/** For each of `to` samples the two of `from` around it and the upper one's weight; `first` to `end` have some. */
function axisOf(from: number, to: number, shift: number) {
  const low = new Int32Array(to);
  const high = new Int32Array(to);
  const weight = new Float64Array(to);
  let first = to;
  let end = 0;
  for (let i = 0; i < to; i++) {
    const nearest = Math.round(i - shift);
    // A thousandth of a sample off is that sample: no blur from rounding.
    const position = Math.abs(i - shift - nearest) < 1e-3 ? nearest : i - shift;
    if (position < -0.5 || position > from - 0.5) continue;
    first = Math.min(first, i);
    end = i + 1;
    const inside = Math.min(from - 1, Math.max(0, position));
    low[i] = Math.floor(inside);
    high[i] = Math.min(from - 1, low[i]! + 1);
    weight[i] = inside - low[i]!;
  }
  return { low, high, weight, first, end };
}

/** (1 - weight) * a + weight * b. */
export function blended(a: Float64Array, b: Float64Array, weight: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! * (1 - weight) + b[i]! * weight;
  return out;
}
