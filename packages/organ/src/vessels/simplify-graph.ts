/**
 * What noise adds to a level-set diagram is taken out by its size: rings that close again within a radius and a half
 * or so, and spurs (ends that rise less than that above the place where they part from something longer).
 */
import { chainsOf } from "./chains.js";
import { type LevelGraph, mergeNodes, removeNode, unlink } from "./level-graph.js";

/** A branch or a ring must be longer than this times its own radius ... */
const RADII = 1.5;
/** ... and than this many bands. */
const BANDS = 2;

/** Numbers of the living nodes, lowest level first. */
function ordered({ nodes }: LevelGraph): number[] {
  return [...nodes.keys()]
    .filter((n) => nodes[n]!.alive)
    .sort((a, b) => nodes[a]!.level - nodes[b]!.level || a - b);
}

/** Closes small rings. Returns how many. */
export function closeSmallRings(graph: LevelGraph): number {
  const { nodes } = graph;
  let closed = 0;
  for (const top of ordered(graph)) {
    while (nodes[top]!.alive) {
      const ring = smallRing(graph, top);
      if (!ring) break;
      closed++;
      for (const level of ring.levels)
        for (const other of level.slice(1)) if (nodes[other]!.alive) mergeNodes(graph, level[0]!, other);
      // An edge that skips the levels in between says no more than the way through them.
      if (ring.skips !== null) unlink(graph, ring.skips, top);
    }
  }
  return closed;
}

/**
 * Two lower neighbours of a node between which there is another way that does not go far down. The way found is the one
 * whose lowest place is highest; `levels` are its nodes by level.
 */
function smallRing(graph: LevelGraph, top: number): { levels: number[][]; skips: number | null } | null {
  const { nodes } = graph;
  const lower = [...nodes[top]!.lower].sort((a, b) => a - b);
  for (let x = 0; x < lower.length; x++)
    for (let y = x + 1; y < lower.length; y++) {
      const way = shallowWay(graph, top, lower[x]!, lower[y]!);
      if (!way) continue;
      const levels = new Map<number, number[]>();
      for (const n of way) levels.set(nodes[n]!.level, [...(levels.get(nodes[n]!.level) ?? []), n]);
      const [a, b] = [nodes[lower[x]!]!, nodes[lower[y]!]!];
      const skips = a.level === b.level ? null : a.level < b.level ? lower[x]! : lower[y]!;
      return { levels: [...levels.values()].map((level) => level.sort((m, n) => m - n)), skips };
    }
  return null;
}

function shallowWay({ nodes, bandMm }: LevelGraph, top: number, from: number, to: number): number[] | null {
  const before = new Map<number, number | null>([[from, null]]);
  const open = [from];
  let lowest = nodes[top]!.level;
  let radius = 0;
  while (open.length > 0) {
    const highest = open.reduce((a, b) => (nodes[b]!.level > nodes[a]!.level ? b : a));
    open.splice(open.indexOf(highest), 1);
    const node = nodes[highest]!;
    radius = Math.max(radius, node.radiusMm);
    lowest = Math.min(lowest, node.level);
    if ((nodes[top]!.level - lowest) * bandMm > Math.max(RADII * radius, BANDS * bandMm)) return null;
    if (highest === to) {
      const way: number[] = [];
      for (let n: number | null = to; n !== null; n = before.get(n)!) way.push(n);
      return way;
    }
    for (const next of [...node.lower, ...node.upper]) {
      if (before.has(next) || nodes[next]!.level >= nodes[top]!.level) continue;
      before.set(next, highest);
      open.push(next);
    }
  }
  return null;
}

/** Takes away spurs. Returns how many. */
export function pruneSpurs(graph: LevelGraph): number {
  const { nodes, bandMm } = graph;
  interface Group {
    peakMm: number;
    members: number[];
    into: Group | null;
    /** Whether an end of it has been found to be one. */
    settled: boolean;
  }
  const groupOf = new Map<number, Group>();
  const rootOf = (group: Group): Group => {
    let at = group;
    while (at.into) at = at.into;
    return at;
  };
  // The widest member may lie half in the trunk.
  const medianRadius = (members: readonly number[]) =>
    members.map((m) => nodes[m]!.radiusMm).sort((a, b) => a - b)[members.length >> 1]!;
  let pruned = 0;
  for (const n of ordered(graph).reverse()) {
    const node = nodes[n]!;
    const groups = [
      ...new Set(
        [...node.upper].flatMap((u) => {
          const group = groupOf.get(u);
          return group ? [rootOf(group)] : [];
        }),
      ),
    ].sort((a, b) => b.peakMm - a.peakMm || a.members[0]! - b.members[0]!);
    let [eldest, ...others] = groups;
    eldest ??= { peakMm: node.farMm, members: [], into: null, settled: false };
    for (const group of others) {
      const rise = group.peakMm - node.farMm;
      if (rise < Math.max(RADII * medianRadius(group.members), BANDS * bandMm) && !group.settled) {
        for (const member of group.members) {
          removeNode(graph, member);
          groupOf.delete(member);
        }
        pruned++;
        continue;
      }
      group.into = eldest;
      eldest.settled = true;
      eldest.members.push(...group.members);
    }
    eldest.members.push(n);
    eldest.peakMm = Math.max(eldest.peakMm, node.farMm);
    groupOf.set(n, eldest);
  }
  return pruned;
}

/**
 * Takes away runs from an end to a branch point that are too short to be branches, the shortest first: at the diagram's
 * lowest and highest place, and beside them where a ring closes, `pruneSpurs` has nothing longer to compare with.
 */
export function pruneStubs(graph: LevelGraph): number {
  const { nodes, bandMm } = graph;
  for (let pruned = 0; ; pruned++) {
    const { nodes: special, chains } = chainsOf(graph);
    const hasRing = chains.length >= special.length;
    const stubs = chains.flatMap((chain) => {
      const leaf = [chain[0]!, chain.at(-1)!].find((n) => nodes[n]!.lower.size + nodes[n]!.upper.size === 1);
      const fork = [chain[0]!, chain.at(-1)!].find((n) => nodes[n]!.lower.size + nodes[n]!.upper.size > 2);
      if (leaf === undefined || fork === undefined) return [];
      const own = chain.filter((n) => n !== fork);
      const lengthMm = Math.abs(nodes[leaf]!.farMm - nodes[fork]!.farMm);
      const radiusMm = Math.max(...own.map((n) => nodes[n]!.radiusMm));
      // On a ring the diagram begins at the outer wall: only once round the vessel does it run both ways.
      const radii = hasRing && nodes[leaf]!.level === 0 ? RADII + 1 : RADII;
      return lengthMm < Math.max(radii * radiusMm, BANDS * bandMm) ? [{ own, lengthMm }] : [];
    });
    if (stubs.length === 0) return pruned;
    const shortest = stubs.reduce((a, b) => (b.lengthMm < a.lengthMm ? b : a));
    for (const n of shortest.own) removeNode(graph, n);
  }
}
