/** From measured segments between numbered nodes to a directed tree with its bifurcations. */
import {
  type Bifurcation,
  failedError,
  type VesselNode,
  type VesselSegment,
  type VesselTree,
} from "@viscera/core";
import { leaving } from "./branch-point.js";
import type { SegmentMeasures } from "./measure-segment.js";
import { arcLengths } from "./polyline.js";
import { dot, type Point } from "./vector.js";

export interface LooseSegment extends SegmentMeasures {
  from: number;
  to: number;
}

export interface LooseNode {
  positionMm: Point;
  radiusMm: number;
  cut: boolean;
}

/**
 * Directs segments away from `root`, by default the widest end: of an artery that is where blood comes from, of a vein
 * where it goes. Segments of a ring run from its nearer node (along the vessels) to its further one.
 */
export function assembleTree(
  loose: readonly LooseNode[],
  segments: readonly LooseSegment[],
  root?: number,
): VesselTree {
  const degree = loose.map(() => 0);
  for (const { from, to } of segments) {
    degree[from]!++;
    degree[to]!++;
  }
  const start = root ?? widestEnd(loose, segments, degree);
  const away = distancesFrom(start, loose.length, segments);
  if (away.some((mm) => !Number.isFinite(mm)))
    throw failedError(
      "vessel-tree",
      "A vessel's centreline fell apart.",
      "Please report this with the labels.",
    );
  const directed: VesselSegment[] = segments.map((segment) =>
    away[segment.from]! <= away[segment.to]! ? { ...segment } : reversed(segment),
  );
  directed.sort((a, b) => away[a.from]! - away[b.from]! || b.meanRadiusMm - a.meanRadiusMm || a.to - b.to);
  const nodes: VesselNode[] = loose.map((node, n) => ({
    positionMm: node.positionMm,
    radiusMm: node.radiusMm,
    kind: n === start ? "root" : degree[n] === 1 ? "end" : degree[n] === 2 ? "ring" : "branch",
    cut: node.cut,
  }));
  const lengthMm = directed.reduce((sum, segment) => sum + segment.lengthMm, 0);
  return {
    nodes,
    segments: directed,
    root: start,
    loops: segments.length - loose.length + 1,
    lengthMm,
    meanRadiusMm:
      directed.reduce((sum, segment) => sum + segment.meanRadiusMm * Math.max(segment.lengthMm, 1e-9), 0) /
      directed.reduce((sum, segment) => sum + Math.max(segment.lengthMm, 1e-9), 0),
    bifurcations: bifurcationsOf(nodes, directed, degree),
  };
}

/** The end with the largest radius, as the taper of its segment gives it: a blind end itself has almost none. */
function widestEnd(
  nodes: readonly LooseNode[],
  segments: readonly LooseSegment[],
  degree: readonly number[],
): number {
  const radius = nodes.map((node, n) => (degree[n] === 1 ? 0 : node.radiusMm));
  for (const { from, to, taper, lengthMm } of segments) {
    radius[from] = Math.max(radius[from]!, taper.radiusMm);
    radius[to] = Math.max(radius[to]!, taper.radiusMm + taper.slope * lengthMm);
  }
  const all = [...nodes.keys()];
  const ends = all.filter((n) => degree[n] === 1);
  return (ends.length > 0 ? ends : all).reduce((a, b) => (radius[b]! > radius[a]! ? b : a));
}

function distancesFrom(start: number, count: number, segments: readonly LooseSegment[]): number[] {
  const away = new Array<number>(count).fill(Infinity);
  away[start] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const { from, to, lengthMm } of segments)
      for (const [a, b] of [
        [from, to],
        [to, from],
      ] as const)
        if (away[a]! + lengthMm < away[b]!) {
          away[b] = away[a]! + lengthMm;
          changed = true;
        }
  }
  return away;
}

function reversed(segment: LooseSegment): VesselSegment {
  const { lengthMm, taper } = segment;
  return {
    ...segment,
    from: segment.to,
    to: segment.from,
    pointsMm: [...segment.pointsMm].reverse(),
    radiusMm: [...segment.radiusMm].reverse(),
    inscribedRadiusMm: [...segment.inscribedRadiusMm].reverse(),
    areaMm2: [...segment.areaMm2].reverse(),
    curvaturePerMm: [...segment.curvaturePerMm].reverse(),
    regular: [...segment.regular].reverse(),
    taper: { radiusMm: taper.radiusMm + taper.slope * lengthMm, slope: taper.slope === 0 ? 0 : -taper.slope },
    stenoses: [...segment.stenoses]
      .reverse()
      .map((stenosis) => ({ ...stenosis, atMm: lengthMm - stenosis.atMm })),
  };
}

function bifurcationsOf(
  nodes: VesselNode[],
  segments: VesselSegment[],
  degree: readonly number[],
): Bifurcation[] {
  const out: Bifurcation[] = [];
  for (let node = 0; node < nodes.length; node++) {
    if (degree[node]! < 3) continue;
    const parents = [...segments.keys()].filter(
      (s) => segments[s]!.to === node && segments[s]!.from !== node,
    );
    const children = [...segments.keys()].filter((s) => segments[s]!.from === node);
    const into = parents[0] === undefined ? null : directionAt(segments[parents[0]]!, false);
    const on = children.map((s) => directionAt(segments[s]!, true));
    out.push({
      node,
      parents,
      children,
      turnDeg: into ? on.map((direction) => angleDeg([-into[0], -into[1], -into[2]], direction)) : [],
      betweenDeg: on.length >= 2 ? angleDeg(on[0]!, on[1]!) : null,
    });
  }
  return out;
}

/** Direction in which a segment leaves its start or its end, taken where its own cross-sections begin. */
function directionAt(segment: VesselSegment, atStart: boolean): Point {
  const line = atStart ? segment.pointsMm : [...segment.pointsMm].reverse();
  const regular = atStart ? segment.regular : [...segment.regular].reverse();
  const arc = arcLengths(line);
  const first = regular.indexOf(true);
  const at = leaving({ line, zoneMm: first < 0 ? 0 : arc[first]!, radiusMm: segment.meanRadiusMm });
  return at?.direction ?? [0, 0, 1];
}

function angleDeg(a: Point, b: Point): number {
  return (180 / Math.PI) * Math.acos(Math.min(1, Math.max(-1, dot(a, b))));
}
