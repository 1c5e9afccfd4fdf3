import { add, distance, type Point, subtract, unit } from "./vector.js";

/** Length along a polyline up to each of its points, mm. */
export function arcLengths(points: readonly Point[]): number[] {
  const out = [0];
  for (let i = 1; i < points.length; i++) out.push(out[i - 1]! + distance(points[i - 1]!, points[i]!));
  return out;
}

/** The point at a length along a polyline; before and beyond it its ends. */
export function pointAlong(points: readonly Point[], arc: readonly number[], at: number): Point {
  if (at <= 0) return [...points[0]!];
  const last = points.length - 1;
  if (at >= arc[last]!) return [...points[last]!];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (arc[middle]! <= at) low = middle;
    else high = middle;
  }
  const span = arc[high]! - arc[low]!;
  return add(points[low]!, subtract(points[high]!, points[low]!), span > 0 ? (at - arc[low]!) / span : 0);
}

/** Equally spaced points, the ends kept; at least `fewest`. */
export function resampled(points: readonly Point[], stepMm: number, fewest = 3): Point[] {
  const arc = arcLengths(points);
  const total = arc.at(-1)!;
  const count = Math.max(fewest, Math.round(total / stepMm) + 1);
  return Array.from({ length: count }, (_, i) => pointAlong(points, arc, (total * i) / (count - 1)));
}

/** Gaussian smoothing along equally spaced points, the ends kept: the line is mirrored through them. */
export function smoothed(points: readonly Point[], sigmaMm: number): Point[] {
  const last = points.length - 1;
  if (last < 2) return points.map((p) => [...p]);
  const step = arcLengths(points).at(-1)! / last;
  const sigma = step > 0 ? sigmaMm / step : 0;
  const reach = Math.min(Math.ceil(3 * sigma), last);
  if (reach === 0) return points.map((p) => [...p]);
  const at = (i: number): Point => {
    if (i < 0) return subtract(add(points[0]!, points[0]!), points[-i]!);
    if (i > last) return subtract(add(points[last]!, points[last]!), points[2 * last - i]!);
    return points[i]!;
  };
  return points.map((_, i) => {
    let [x, y, z, sum] = [0, 0, 0, 0];
    for (let d = -reach; d <= reach; d++) {
      const w = Math.exp(-0.5 * (d / sigma) ** 2);
      const p = at(i + d);
      x += w * p[0];
      y += w * p[1];
      z += w * p[2];
      sum += w;
    }
    return [x / sum, y / sum, z / sum];
  });
}

/** Unit directions along a polyline, from the points `reach` places to both sides. */
export function tangents(points: readonly Point[], reach = 1): Point[] {
  const last = points.length - 1;
  return points.map((_, i) =>
    unit(subtract(points[Math.min(last, i + reach)]!, points[Math.max(0, i - reach)]!)),
  );
}

/** Curvature 1/mm at equally spaced points: the circle through points `reach` places to both sides (0 at the ends). */
export function curvatures(points: readonly Point[], reach: number): number[] {
  const last = points.length - 1;
  return points.map((p, i) => {
    const r = Math.min(reach, i, last - i);
    if (r === 0) return 0;
    const a = points[i - r]!;
    const b = points[i + r]!;
    const [u, v, w] = [distance(a, p), distance(p, b), distance(a, b)];
    if (u * v * w === 0) return 0;
    const s = (u + v + w) / 2;
    const area = Math.sqrt(Math.max(0, s * (s - u) * (s - v) * (s - w)));
    return (4 * area) / (u * v * w);
  });
}
