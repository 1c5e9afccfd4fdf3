/** Moves a rough line into the middle of the vessel's cross-sections, to a fraction of a voxel. */
import { sectionAt } from "./cross-section.js";
import type { Piece } from "./piece.js";
import { arcLengths, resampled, smoothed, tangents } from "./polyline.js";
import type { SmoothSurface } from "./signed-distance.js";
import { add, length, type Point, subtract } from "./vector.js";

const ROUNDS = 4;

/**
 * `still`: lengths at the line's start and end that are not moved (branch points, where cuts go through several
 * vessels at once). Returns points about a voxel apart; the first and last stay.
 */
export function refinedLine(
  line: readonly Point[],
  still: readonly [number, number],
  piece: Piece,
  surface: SmoothSurface,
): Point[] {
  let points = resampled(line, piece.voxelMm);
  const radius = typicalRadius(points, piece, surface);
  for (let round = 0; round < ROUNDS; round++) {
    const isLast = round === ROUNDS - 1;
    points = smoothed(points, isLast ? piece.voxelMm : Math.max(0.6 * radius, piece.voxelMm));
    const reach = Math.max(1, Math.round(radius / piece.voxelMm));
    const directions = tangents(points, reach);
    const arc = arcLengths(points);
    const total = arc.at(-1)!;
    const moved = points.map((p, i): Point => {
      const isTip = i === 0 || i === points.length - 1;
      if (isTip || arc[i]! < still[0] || total - arc[i]! < still[1]) return p;
      const rough = Math.max(surface.distance.at(p), piece.voxelMm);
      const section = sectionAt(surface, piece.voxelMm, p, directions[i]!, rough);
      if (!section || section.open > 8) return p;
      const move = subtract(section.centre, p);
      const far = length(move);
      return add(p, move, far > rough ? rough / far : 1);
    });
    // The tips follow their neighbours sideways: a blind end's cut says little about where its middle is.
    points = moved;
    for (const [tip, next] of [
      [0, 1],
      [points.length - 1, points.length - 2],
    ] as const) {
      if (still[tip === 0 ? 0 : 1] > 0 || points.length < 4) continue;
      const direction = directions[next]!;
      const shift = subtract(points[next]!, points[tip]!);
      const along = shift[0] * direction[0] + shift[1] * direction[1] + shift[2] * direction[2];
      points[tip] = add(points[next]!, direction, -along);
    }
    points = resampled(points, piece.voxelMm);
  }
  return points;
}

/** The median depth along a line, at least half a voxel. */
export function typicalRadius(line: readonly Point[], piece: Piece, surface: SmoothSurface): number {
  const depths = line.map((p) => surface.distance.at(p)).sort((a, b) => a - b);
  return Math.max(depths[depths.length >> 1]!, piece.voxelMm / 2);
}
