/** Where the axes of the vessels that meet at a branch point cross. */
import { arcLengths, pointAlong } from "./polyline.js";
import { add, distance, dot, type Point, subtract, unit } from "./vector.js";

/** One vessel at a branch point: its line from there, and the length over which cuts go through several vessels. */
export interface Limb {
  line: readonly Point[];
  zoneMm: number;
  radiusMm: number;
}

/**
 * The point nearest to the straight continuations of all limbs (least squares), which a weak pull holds near `start`
 * where they are almost parallel.
 */
export function crossingOf(start: Point, limbs: readonly Limb[]): Point {
  const pull = 0.02;
  const m = [pull, 0, 0, 0, pull, 0, 0, 0, pull];
  const b: Point = [pull * start[0], pull * start[1], pull * start[2]];
  for (const limb of limbs) {
    const at = leaving(limb);
    if (!at) continue;
    const { point, direction } = at;
    for (let r = 0; r < 3; r++)
      for (let c = 0; c < 3; c++) {
        const projector = (r === c ? 1 : 0) - direction[r]! * direction[c]!;
        m[3 * r + c]! += projector;
        b[r]! += projector * point[c]!;
      }
  }
  return solve3(m, b) ?? start;
}

/** Position and direction (away from the branch point) of a limb where its own cross-sections begin. */
export function leaving({ line, zoneMm, radiusMm }: Limb): { point: Point; direction: Point } | null {
  const arc = arcLengths(line);
  const total = arc.at(-1)!;
  const from = Math.min(zoneMm, Math.max(0.5 * total, total - 3 * radiusMm));
  const to = Math.min(from + Math.max(2 * radiusMm, zoneMm / 2), total);
  if (to - from < 1e-9) return null;
  const near = pointAlong(line, arc, from);
  const far = pointAlong(line, arc, to);
  return { point: near, direction: unit(subtract(far, near)) };
}

/** The line with its first `zoneMm` made a straight way to a new start. */
export function attached(line: readonly Point[], zoneMm: number, start: Point): Point[] {
  const arc = arcLengths(line);
  // A limb that the new start lies beside is met there, and not further back.
  const beside = line.reduce((a, p, i) => (distance(p, start) < distance(line[a]!, start) ? i : a), 0);
  const from = Math.min(
    Math.max(zoneMm, arc[beside]! + zoneMm / 4),
    Math.max(0.8 * arc.at(-1)!, arc[beside]!),
  );
  const joint = pointAlong(line, arc, from);
  const out: Point[] = [start];
  const direction = unit(subtract(joint, start));
  // A start beyond the joint (seen along the limb) would fold the line back.
  for (const p of line.filter((_, i) => arc[i]! > from))
    if (out.length > 1 || dot(subtract(p, start), direction) > 0) out.push(p);
  if (distance(joint, start) > 0) out.splice(1, 0, add(start, subtract(joint, start), 0.5), joint);
  return out.length > 1 ? out : [start, line.at(-1)!];
}

function solve3(m: readonly number[], b: Point): Point | null {
  const [a, c, d, e, f, g, h, i, j] = m as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const det = a * (f * j - g * i) - c * (e * j - g * h) + d * (e * i - f * h);
  if (Math.abs(det) < 1e-12) return null;
  return [
    (b[0] * (f * j - g * i) - c * (b[1] * j - g * b[2]) + d * (b[1] * i - f * b[2])) / det,
    (a * (b[1] * j - g * b[2]) - b[0] * (e * j - g * h) + d * (e * b[2] - b[1] * h)) / det,
    (a * (f * b[2] - b[1] * i) - c * (e * b[2] - b[1] * h) + b[0] * (e * i - f * h)) / det,
  ];
}
