/** What is measured along one vessel between two nodes. */
import type { VesselSegment } from "@viscera/core";
import { sectionAt } from "./cross-section.js";
import type { Piece } from "./piece.js";
import { arcLengths, curvatures, tangents } from "./polyline.js";
import type { SmoothSurface } from "./signed-distance.js";
import { findStenoses, fitTaper } from "./taper.js";
import type { Point } from "./vector.js";

/** What a line's ends are: how far a branch point reaches into it, or that it ends blindly or at the image's border. */
export interface LineEnd {
  kind: "branch" | "blind" | "cut";
  zoneMm: number;
}

export type SegmentMeasures = Omit<VesselSegment, "from" | "to">;

/** A vessel that widens to this many times its usual radius has leaked into something else. */
const LEAK = 2.5;

export function measureSegment(
  points: Point[],
  ends: readonly [LineEnd, LineEnd],
  piece: Piece,
  surface: SmoothSurface,
): SegmentMeasures {
  const arc = arcLengths(points);
  const total = arc.at(-1)!;
  const rough = points.map((p) => Math.max(surface.distance.at(p), piece.voxelMm / 2));
  const usual = [...rough].sort((a, b) => a - b)[rough.length >> 1]!;
  const directions = tangents(points, Math.max(1, Math.round(usual / piece.voxelMm)));
  const sections = points.map((p, i) => sectionAt(surface, piece.voxelMm, p, directions[i]!, rough[i]!));
  // At the wall of a blind end there is no cut to measure: it takes that of the nearest place that has one.
  const measured = sections.map((section, i) => {
    const isBlind = (end: LineEnd, away: number) => end.kind === "blind" && away < 1.5 * piece.voxelMm;
    return section && !isBlind(ends[0], arc[i]!) && !isBlind(ends[1], total - arc[i]!) ? section : null;
  });
  const known = [...measured.keys()].filter((i) => measured[i] !== null);
  const nearest = (i: number) =>
    known.length === 0
      ? null
      : measured[known.reduce((a, b) => (Math.abs(b - i) < Math.abs(a - i) ? b : a))]!;
  const used = measured.map((section, i) => section ?? nearest(i) ?? sections[i] ?? null);
  const areaMm2 = used.map((section, i) => section?.areaMm2 ?? Math.PI * rough[i]! ** 2);
  const radiusMm = areaMm2.map((area) => Math.sqrt(area / Math.PI));
  const zones = ends.map((end, side) => {
    const isBlind =
      end.kind === "blind" ||
      (end.kind === "cut" && closesUp(side === 0 ? radiusMm : [...radiusMm].reverse()));
    return isBlind ? usual + 1.5 * piece.voxelMm : end.zoneMm;
  }) as [number, number];
  const regular = points.map((_, i) => arc[i]! >= zones[0] && total - arc[i]! >= zones[1]);
  excludeMouths(regular, radiusMm, arc, ends, 4 * usual);
  const own = regular.some(Boolean) ? radiusMm.filter((_, i) => regular[i]) : radiusMm;
  const taper = fitTaper(arc, radiusMm, regular);
  const median = [...own].sort((a, b) => a - b)[own.length >> 1]!;
  const flags: VesselSegment["flags"] = [];
  if (2 * used.filter((section) => section?.thin).length > used.length) flags.push("thin");
  if (Math.max(...own) > LEAK * Math.min(median, 2 * quantile(own, 0.25))) flags.push("leak");
  return {
    lengthMm: total,
    pointsMm: points,
    radiusMm,
    inscribedRadiusMm: used.map((section, i) => Math.min(section?.inscribedMm ?? rough[i]!, radiusMm[i]!)),
    areaMm2,
    curvaturePerMm: curvatures(points, Math.max(3, Math.round((1.5 * usual) / piece.voxelMm))),
    regular,
    meanRadiusMm: own.reduce((sum, r) => sum + r, 0) / own.length,
    taper,
    stenoses: findStenoses(points, arc, radiusMm, regular, taper),
    flags,
  };
}

/**
 * Cuts near a branch point that still take in a part of the neighbour are wider than the vessel's own: they are not
 * regular either, up to `reachMm` from there.
 */
function excludeMouths(
  regular: boolean[],
  radiusMm: readonly number[],
  arc: readonly number[],
  ends: readonly [LineEnd, LineEnd],
  reachMm: number,
): void {
  const usual = radiusMm.filter((_, i) => regular[i]);
  if (usual.length < 8) return;
  const limit = 1.12 * quantile(usual, 0.5);
  const order = [...regular.keys()];
  for (const [end, indices] of [
    [ends[0], order],
    [ends[1], [...order].reverse()],
  ] as const) {
    if (end.kind !== "branch") continue;
    const own = indices.slice(indices.findIndex((i) => regular[i]));
    const from = arc[own[0]!]!;
    for (const i of own) {
      if (Math.abs(arc[i]! - from) > reachMm || radiusMm[i]! <= limit) break;
      regular[i] = false;
    }
  }
}

/** Whether a vessel that reaches the image's border narrows to a tip there, as one does that only just touches it. */
function closesUp(fromTip: readonly number[]): boolean {
  return fromTip[0]! < 0.7 * quantile(fromTip.slice(0, Math.max(8, fromTip.length >> 2)), 0.9);
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))]!;
}
