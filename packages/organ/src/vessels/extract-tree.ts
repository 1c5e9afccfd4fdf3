/**
 * The tree of one connected piece of vessel: level-set diagram -> lines -> middle of the cross-sections -> branch points
 * where axes cross -> measures.
 */
import { type JobOptions, throwIfCancelled, type VesselTree } from "@viscera/core";
import { assembleTree, type LooseNode, type LooseSegment } from "./assemble-tree.js";
import { attached, crossingOf, type Limb } from "./branch-point.js";
import { type Chains, chainsOf, contractShort } from "./chains.js";
import { sectionAt } from "./cross-section.js";
import { geodesicDistance, largestIn } from "./geodesic.js";
import { type LevelGraph, levelGraph } from "./level-graph.js";
import { type LineEnd, measureSegment } from "./measure-segment.js";
import { neighboursOf } from "./neighbours.js";
import type { Piece } from "./piece.js";
import { arcLengths, resampled, smoothed, tangents } from "./polyline.js";
import { refinedLine, typicalRadius } from "./refine-line.js";
import { endsAtBorder, withTips } from "./rough-line.js";
import { type SmoothSurface, smoothSurface } from "./signed-distance.js";
import { closeSmallRings, pruneSpurs, pruneStubs } from "./simplify-graph.js";
import { distance, type Point } from "./vector.js";

export interface PieceSurface {
  surface: SmoothSurface;
  /** mm to the surface for each voxel of the piece, at least a quarter of a voxel. */
  depth: Float32Array;
  thickest: number;
}

export async function surfaceOfPiece(piece: Piece, options: JobOptions): Promise<PieceSurface> {
  const surface = await smoothSurface(piece.solid, piece.size, piece.affine, 2 * piece.voxelMm, options);
  const depth = surface.distance.data.map((mm) => Math.max(mm, piece.voxelMm / 4));
  return { surface, depth, thickest: largestIn(piece.inside, depth) };
}

/** Null for a piece that is too short to have a course. Throws `cancelled`. */
export function extractTree(piece: Piece, made: PieceSurface, options: JobOptions): VesselTree | null {
  const { surface } = made;
  const graph = diagramOf(piece, made, options);
  const chains = contractShort(graph, chainsOf(graph));
  if (chains.chains.length === 0) return null;
  const degree = new Map(chains.nodes.map((n) => [n, 0]));
  for (const chain of chains.chains)
    for (const n of [chain[0]!, chain.at(-1)!]) degree.set(n, degree.get(n)! + 1);
  throwIfCancelled(options.signal);
  const rough = chains.chains.map((chain) => roughLine(graph, chain, chains, degree, piece, surface));
  const zones = rough.map((line, c) => zonesOf(graph, chains.chains[c]!, degree, line, piece, surface));
  const lines = rough.map((line, c) => {
    throwIfCancelled(options.signal);
    const tips = [chains.chains[c]![0]!, chains.chains[c]!.at(-1)!].map((n) => degree.get(n) === 1);
    return roundedTips(refinedLine(line, zones[c]!, piece, surface), tips, zones[c]!, piece, surface);
  });
  const nodes = placeNodes(chains, degree, lines, zones, graph, piece, surface);
  return assembleTree(...measured(chains, degree, lines, zones, nodes, piece, surface, graph));
}

function diagramOf(piece: Piece, { depth, thickest }: PieceSurface, options: JobOptions): LevelGraph {
  const neighbours = neighboursOf(piece.size, piece.affine);
  // The voxel furthest from the thickest one is an end, and the diagram grows from there.
  const start = largestIn(piece.inside, geodesicDistance(piece.inside, thickest, neighbours));
  throwIfCancelled(options.signal);
  const geodesic = geodesicDistance(piece.inside, start, neighbours);
  throwIfCancelled(options.signal);
  const bandMm = Math.max(...piece.spacingMm, 1.5 * piece.voxelMm);
  const graph = levelGraph(piece.inside, piece.size, piece.affine, geodesic, depth, bandMm, neighbours);
  closeSmallRings(graph);
  pruneSpurs(graph);
  closeSmallRings(graph);
  pruneStubs(graph);
  return graph;
}

function centreOf(graph: LevelGraph, chains: Chains, n: number): Point {
  return chains.centres.get(n) ?? graph.nodes[n]!.centre;
}

function roughLine(
  graph: LevelGraph,
  chain: readonly number[],
  chains: Chains,
  degree: Map<number, number>,
  piece: Piece,
  surface: SmoothSurface,
): Point[] {
  const line = chain.map((n) => centreOf(graph, chains, n));
  const tips = [chain[0]!, chain.at(-1)!].map((n) => degree.get(n) === 1) as [boolean, boolean];
  const radii = [chain, [...chain].reverse()].map((order) => tipRadius(graph, order, piece)) as [
    number,
    number,
  ];
  return withTips(line, tips, radii, piece, surface);
}

/** The radius of the vessel behind a tip, whose own bands are caps about a corner. */
function tipRadius(graph: LevelGraph, order: readonly number[], piece: Piece): number {
  let radius = piece.voxelMm / 2;
  const tip = graph.nodes[order[0]!]!.centre;
  for (const n of order) {
    const node = graph.nodes[n]!;
    if (distance(node.centre, tip) > 2 * radius + 2 * graph.bandMm) break;
    radius = Math.max(radius, node.radiusMm);
  }
  return radius;
}

/**
 * Does the tips of a refined line again where the vessel is wider than deep: there the bands about the corner of its end
 * reach further into it than its inscribed radius tells.
 */
function roundedTips(
  line: Point[],
  tips: readonly boolean[],
  zones: readonly [number, number],
  piece: Piece,
  surface: SmoothSurface,
): Point[] {
  const total = arcLengths(line).at(-1)!;
  const radius = typicalRadius(line, piece, surface);
  if (!tips.some(Boolean) || total < 6 * radius) return line;
  const reach = Math.max(1, Math.round(radius / piece.voxelMm));
  const directions = tangents(line, reach);
  const widest = [0, 1].map((side) => {
    const inner = Math.min(line.length - 2, 3 * reach);
    const i = side === 0 ? inner : line.length - 1 - inner;
    return sectionAt(surface, piece.voxelMm, line[i]!, directions[i]!, radius)?.widestMm ?? radius;
  }) as [number, number];
  const again = tips.map((isTip, side) => isTip && widest[side]! > 1.3 * radius) as [boolean, boolean];
  if (!again.some(Boolean)) return line;
  return refinedLine(withTips(line, again, widest, piece, surface), zones, piece, surface);
}

/** How far branch points reach into a line, mm from its start and its end; 0 at tips. */
function zonesOf(
  graph: LevelGraph,
  chain: readonly number[],
  degree: Map<number, number>,
  line: readonly Point[],
  piece: Piece,
  surface: SmoothSurface,
): [number, number] {
  const own = chain.slice(1, -1).map((n) => graph.nodes[n]!.radiusMm);
  own.sort((a, b) => a - b);
  const radius = own[own.length >> 1] ?? typicalRadius(line, piece, surface);
  const total = arcLengths(line).at(-1)!;
  const sides = [chain[0]!, chain.at(-1)!];
  // Some of the line must be left to tell where it goes.
  const most = sides.every((n) => degree.get(n)! >= 3)
    ? 0.4 * total
    : Math.max(0.4 * total, total - 3 * radius);
  return sides.map((n) =>
    degree.get(n)! < 3 ? 0 : Math.min(2.2 * Math.max(radius, graph.nodes[n]!.radiusMm), most),
  ) as [number, number];
}

function placeNodes(
  chains: Chains,
  degree: Map<number, number>,
  lines: readonly Point[][],
  zones: readonly [number, number][],
  graph: LevelGraph,
  piece: Piece,
  surface: SmoothSurface,
): Map<number, Point> {
  const nodes = new Map<number, Point>();
  // Between the last point that stood still and the first that moved the line has a step.
  const aside = 2 * piece.voxelMm;
  for (const n of chains.nodes) {
    const start = centreOf(graph, chains, n);
    const limbs: Limb[] = [];
    chains.chains.forEach((chain, c) => {
      const line = lines[c]!;
      const radiusMm = typicalRadius(line, piece, surface);
      if (chain[0] === n) limbs.push({ line, zoneMm: zones[c]![0] + aside, radiusMm });
      if (chain.at(-1) === n)
        limbs.push({ line: [...line].reverse(), zoneMm: zones[c]![1] + aside, radiusMm });
    });
    if (degree.get(n)! < 3) {
      // An end, or the two ends of a ring.
      const starts = limbs.map((limb) => limb.line[0]!);
      nodes.set(n, [0, 1, 2].map((a) => starts.reduce((sum, p) => sum + p[a]!, 0) / starts.length) as Point);
      continue;
    }
    const crossing = crossingOf(start, limbs);
    const reach = 3 * Math.max(graph.nodes[n]!.radiusMm, ...limbs.map((limb) => limb.radiusMm));
    const isGood = distance(crossing, start) < reach && surface.occupancy.at(crossing) > 0.5;
    nodes.set(n, isGood ? crossing : start);
  }
  return nodes;
}

function measured(
  { nodes: numbers, chains, centres }: Chains,
  degree: Map<number, number>,
  lines: readonly Point[][],
  zones: readonly [number, number][],
  places: Map<number, Point>,
  piece: Piece,
  surface: SmoothSurface,
  graph: LevelGraph,
): [LooseNode[], LooseSegment[]] {
  const loose: LooseNode[] = numbers.map((n) => ({ positionMm: places.get(n)!, radiusMm: 0, cut: false }));
  const segments = chains.map((chain, c): LooseSegment => {
    const sides = [chain[0]!, chain.at(-1)!] as const;
    const radius = typicalRadius(lines[c]!, piece, surface);
    let line = lines[c]!;
    const ends: LineEnd[] = [];
    for (const side of [0, 1] as const) {
      const n = sides[side];
      const place = places.get(n)!;
      line = side === 1 ? [...line].reverse() : [...line];
      if (degree.get(n)! >= 3) {
        line = attached(line, zones[c]![side] + 2 * piece.voxelMm, place);
        const crotch = distance(centres.get(n) ?? graph.nodes[n]!.centre, place);
        const zoneMm = Math.max(crotch, surface.distance.at(place)) + 0.5 * radius + 2 * piece.voxelMm;
        ends.push({ kind: "branch", zoneMm });
      } else {
        line[0] = place;
        const direction = tangents(line, Math.max(1, Math.round(radius / piece.voxelMm)))[0]!;
        const outwards: Point = [-direction[0], -direction[1], -direction[2]];
        const isCut = degree.get(n) === 1 && endsAtBorder(piece, surface, line[0]!, outwards);
        ends.push({ kind: isCut || degree.get(n) === 2 ? "cut" : "blind", zoneMm: 0 });
        loose[numbers.indexOf(n)]!.cut = isCut;
      }
      if (side === 1) line = [...line].reverse();
    }
    line = smoothed(resampled(line, piece.voxelMm), Math.max(0.4 * radius, piece.voxelMm));
    const measures = measureSegment(resampled(line, piece.voxelMm), [ends[0]!, ends[1]!], piece, surface);
    const [from, to] = sides.map((n) => numbers.indexOf(n)) as [number, number];
    return { ...measures, from, to };
  });
  loose.forEach((node, n) => {
    const touching = segments.filter(({ from, to }) => from === n || to === n);
    const atEnd = (s: LooseSegment) => (s.from === n ? s.radiusMm[0]! : s.radiusMm.at(-1)!);
    const depth = surface.distance.at(node.positionMm);
    node.radiusMm = touching.length >= 3 && depth > 0 ? depth : Math.max(...touching.map(atEnd));
  });
  return [loose, segments];
}
