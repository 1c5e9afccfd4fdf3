/** One network from lines that share their beginnings (VMTK) or their points (SimVascular). */
import type { PolyLines } from "./read-vtp.js";
import { distance, type Point } from "./vector.js";

export interface Station {
  position: Point;
  radiusMm: number;
  areaMm2: number | null;
}

/** Ends and branch points by number, and the stations from one to another. */
export interface Network {
  nodes: Station[];
  segments: { from: number; to: number; stations: Station[] }[];
  /** Where the lines begin; null where they do not say. */
  root: number | null;
}

/** A line is another's continuation no longer once it is this share of the radius away from it. */
const APART = 0.25;

export function networkOf(lines: PolyLines, stations: readonly Station[]): Network {
  const whole = wholeLines(lines);
  const placed = (n: number) => stations[n]!.position.map((mm) => Math.round(mm * 1e4)).join();
  const starts = new Set(whole.map((line) => placed(line[0]!)));
  // VMTK's lines all begin at the source; where they do not, equal ends are the same place.
  if (starts.size === 1 && whole.every((line) => line.length > 2))
    return fromLines(whole.map((line) => line.map((n) => stations[n]!)));
  const first = new Map<string, number>();
  const welded = whole.map((line) =>
    line.map((n, i) => {
      if (i > 0 && i < line.length - 1) return n;
      const key = placed(n);
      if (!first.has(key)) first.set(key, n);
      return first.get(key)!;
    }),
  );
  return fromSharedPoints(welded, stations);
}

/** Lines from the source to an end, put together where they were cut at branch points (VMTK's branch extractor). */
function wholeLines({ lines, lineData }: PolyLines): number[][] {
  const centreline = lineData.get("CenterlineIds")?.values;
  const tract = lineData.get("TractIds")?.values;
  if (!centreline || !tract || centreline.length !== lines.length) return lines;
  return [...new Set(centreline)].map((id) =>
    [...lines.keys()]
      .filter((l) => centreline[l] === id)
      .sort((a, b) => tract[a]! - tract[b]!)
      .flatMap((l) => lines[l]!),
  );
}

function fromLines(given: readonly Station[][]): Network {
  const lines = given.map((line) =>
    line.filter((s, i) => i === 0 || distance(s.position, line[i - 1]!.position) > 0),
  );
  interface Path {
    stations: Station[];
    /** Stations of this path at which others leave it. */
    forks: Set<number>;
    leaves: { path: number; at: number } | null;
  }
  const paths: Path[] = [];
  for (const line of [...lines].sort((a, b) => b.length - a.length)) {
    let leaves: Path["leaves"] = null;
    let first = 0;
    for (; first < line.length; first++) {
      const near = nearestOn(paths, line[first]!.position);
      if (!near || near.mm > APART * line[first]!.radiusMm) break;
      leaves = near;
    }
    if (first >= line.length - 1) continue;
    if (leaves) paths[leaves.path]!.forks.add(leaves.at);
    paths.push({ stations: line.slice(first), forks: new Set(), leaves });
  }
  const nodes: Station[] = [];
  const numbers = new Map<string, number>();
  const nodeAt = (path: number, at: number): number => {
    const key = `${path},${at}`;
    if (!numbers.has(key)) numbers.set(key, nodes.push(paths[path]!.stations[at]!) - 1);
    return numbers.get(key)!;
  };
  const segments: Network["segments"] = [];
  for (const [p, { stations, forks, leaves }] of paths.entries()) {
    const last = stations.length - 1;
    let start = leaves ? nodeAt(leaves.path, leaves.at) : nodeAt(p, 0);
    let from = 0;
    const before = leaves ? [paths[leaves.path]!.stations[leaves.at]!] : [];
    for (const at of [...[...forks].filter((f) => f > 0 && f < last).sort((a, b) => a - b), last]) {
      const end = nodeAt(p, at);
      segments.push({
        from: start,
        to: end,
        stations: [...(from === 0 ? before : []), ...stations.slice(from, at + 1)],
      });
      start = end;
      from = at;
    }
  }
  return { nodes, segments, root: 0 };

  function nearestOn(all: readonly Path[], p: Point): { path: number; at: number; mm: number } | null {
    let best: { path: number; at: number; mm: number } | null = null;
    for (const [path, { stations }] of all.entries())
      for (const [at, station] of stations.entries()) {
        const mm = distance(station.position, p);
        if (!best || mm < best.mm) best = { path, at, mm };
      }
    if (!best) return null;
    // Between two stations a line may be nearer than at either.
    const { stations } = all[best.path]!;
    const gap = Math.max(
      ...[best.at - 1, best.at + 1]
        .filter((i) => stations[i])
        .map((i) => distance(stations[i]!.position, stations[best!.at]!.position)),
    );
    return { ...best, mm: Math.sqrt(Math.max(0, best.mm ** 2 - (gap / 2) ** 2)) };
  }
}

function fromSharedPoints(lines: readonly number[][], stations: readonly Station[]): Network {
  const around = new Map<number, Set<number>>();
  const link = (a: number, b: number) => around.set(a, (around.get(a) ?? new Set()).add(b));
  for (const line of lines)
    for (let i = 1; i < line.length; i++) {
      if (line[i] === line[i - 1]) continue;
      link(line[i - 1]!, line[i]!);
      link(line[i]!, line[i - 1]!);
    }
  const special = [...around.keys()].filter((n) => around.get(n)!.size !== 2);
  const number = new Map(special.map((n, i) => [n, i]));
  const segments: Network["segments"] = [];
  const walked = new Set<string>();
  for (const start of special)
    for (const next of around.get(start)!) {
      if (walked.has(`${start},${next}`)) continue;
      const way = [start, next];
      while (!number.has(way.at(-1)!)) {
        const on = [...around.get(way.at(-1)!)!].find((n) => n !== way.at(-2))!;
        way.push(on);
      }
      walked.add(`${way.at(-1)},${way.at(-2)}`);
      segments.push({
        from: number.get(start)!,
        to: number.get(way.at(-1)!)!,
        stations: way.map((n) => stations[n]!),
      });
    }
  return { nodes: special.map((n) => stations[n]!), segments, root: null };
}
