/** Slices moved within their planes and blended with their neighbours. */
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
  for (let r = 0; r < to.rows; r++) {
    const row = neighbours(r - shift.rows, from.rows);
    if (!row) continue;
    for (let c = 0; c < to.columns; c++) {
      const column = neighbours(c - shift.columns, from.columns);
      if (!column) continue;
      for (let n = 0; n < channels; n++) {
        const at = (y: number, x: number) => image[(y * from.columns + x) * channels + n]!;
        const top = at(row.low, column.low) * (1 - column.weight) + at(row.low, column.high) * column.weight;
        const bottom =
          at(row.high, column.low) * (1 - column.weight) + at(row.high, column.high) * column.weight;
        out[(r * to.columns + c) * channels + n] = top * (1 - row.weight) + bottom * row.weight;
      }
    }
  }
  return out;
}

/** The two samples around a position and the upper one's weight; null beyond half a sample outside. */
function neighbours(position: number, count: number): { low: number; high: number; weight: number } | null {
  const nearest = Math.round(position);
  // Positions a thousandth off a sample are that sample: no blur from rounding.
  const exact = Math.abs(position - nearest) < 1e-3 ? nearest : position;
  if (exact < -0.5 || exact > count - 0.5) return null;
  const inside = Math.min(count - 1, Math.max(0, exact));
  const low = Math.floor(inside);
  return { low, high: Math.min(count - 1, low + 1), weight: inside - low };
}

/** (1 - weight) * a + weight * b. */
export function blended(a: Float64Array, b: Float64Array, weight: number): Float64Array {
  return a.map((value, i) => value * (1 - weight) + b[i]! * weight);
}
