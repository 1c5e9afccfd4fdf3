/** From the chains of a level-set diagram to lines that begin and end where the vessel does. */
import type { Piece } from "./piece.js";
import { arcLengths, pointAlong, resampled, smoothed } from "./polyline.js";
import type { SmoothSurface } from "./signed-distance.js";
import { add, distance, type Point, subtract, unit } from "./vector.js";

/**
 * A line whose tips are ends of the vessel: there the bands of the diagram are caps about a corner, so the last radius
 * is dropped and the line goes straight on until it leaves the mask. `tips`: whether its start and its end are such.
 */
export function withTips(
  line: readonly Point[],
  tips: readonly [boolean, boolean],
  radiiMm: readonly [number, number],
  piece: Piece,
  surface: SmoothSurface,
): Point[] {
  const step = piece.voxelMm / 2;
  let points = resampled(line, step);
  const total = arcLengths(points).at(-1)!;
  const most = tips[0] && tips[1] ? 0.3 * total : 0.5 * total;
  for (const side of [0, 1] as const) {
    if (!tips[side]) continue;
    if (side === 0) points.reverse();
    points = onwards(points, Math.min(1.5 * radiiMm[side], most), radiiMm[side], piece, surface);
    if (side === 0) points.reverse();
  }
  return resampled(points, step);
}

/** Replaces the last `dropMm` of a line by a straight piece that ends at the wall or the image's border. */
function onwards(
  line: Point[],
  dropMm: number,
  radiusMm: number,
  piece: Piece,
  surface: SmoothSurface,
): Point[] {
  const step = piece.voxelMm / 4;
  const arc = arcLengths(line);
  const keep = arc.at(-1)! - dropMm;
  const points = line.filter((_, i) => arc[i]! <= keep || i === 0);
  if (points.length < 2) points.push(line[1]!);
  const smooth = smoothed(points, radiusMm / 2);
  const tip = points.at(-1)!;
  const back = arcLengths(smooth);
  const direction = unit(
    subtract(
      smooth.at(-1)!,
      pointAlong(smooth, back, back.at(-1)! - Math.max(1.5 * radiusMm, 2 * piece.voxelMm)),
    ),
  );
  const furthest = dropMm + 3 * radiusMm + 3 * piece.voxelMm;
  // A thin vessel may have no surface: then its own voxels say where it ends.
  const isSolid = (p: Point) =>
    inImage(piece, surface.occupancy.indexOf(p)) &&
    (surface.occupancy.at(p) >= 0.5 || inMask(piece, surface, p));
  let reach = 0;
  while (reach < furthest && isSolid(add(tip, direction, reach + step))) reach += step;
  for (let r = step; r <= reach; r += step) points.push(add(tip, direction, r));
  return points;
}

function inMask(piece: Piece, surface: SmoothSurface, p: Point): boolean {
  const [i, j, k] = surface.occupancy.indexOf(p).map(Math.round) as Point;
  const [nx, ny, nz] = piece.size;
  return (
    i >= 0 && j >= 0 && k >= 0 && i < nx && j < ny && k < nz && piece.inside[i + nx * (j + ny * k)] === 1
  );
}

/** Whether a position (voxel indices) is within the image: up to the outer faces of its voxels. */
function inImage({ image }: Piece, index: Point): boolean {
  return index.every((value, axis) => value >= image.first[axis]! - 0.5 && value <= image.last[axis]! + 0.5);
}

/** Whether a line's tip is where the image ends rather than where the vessel does. */
export function endsAtBorder(piece: Piece, surface: SmoothSurface, tip: Point, direction: Point): boolean {
  const beyond = add(tip, direction, piece.voxelMm);
  if (!inImage(piece, surface.occupancy.indexOf(beyond))) return true;
  // A slanting vessel leaves the image along a stretch: its voxels beside the tip touch the border.
  const index = surface.occupancy.indexOf(tip);
  return index.some(
    (value, axis) =>
      (value < piece.image.first[axis]! + 1.01 && hasBeyond(piece, axis, -1)) ||
      (value > piece.image.last[axis]! - 1.01 && hasBeyond(piece, axis, 1)),
  );
}

/** Whether the box reaches beyond the image on a side, that is, whether the piece comes near the border there. */
function hasBeyond({ image, size }: Piece, axis: number, side: -1 | 1): boolean {
  return side < 0 ? image.first[axis]! > 0 : image.last[axis]! < size[axis]! - 1;
}

/** The length of a line up to which it is nearer than `radiusMm` to a point, from its start. */
export function withinBall(line: readonly Point[], centre: Point, radiusMm: number): number {
  const arc = arcLengths(line);
  for (let i = 0; i < line.length; i++) if (distance(line[i]!, centre) > radiusMm) return arc[i]!;
  return arc.at(-1)!;
}
