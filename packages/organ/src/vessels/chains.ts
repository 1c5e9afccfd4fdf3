import type { LevelGraph } from "./level-graph.js";
import { distance, type Point } from "./vector.js";

/** A level-set diagram as branch points and ends (`nodes`) and the runs of nodes between them. */
export interface Chains {
  /** Numbers of the diagram's nodes that are ends or branch points. */
  nodes: number[];
  /** Each from one of `nodes` to another (or itself), both included. */
  chains: number[][];
  /** Where nodes lie that were made of several. */
  centres: Map<number, Point>;
}

export function chainsOf({ nodes }: LevelGraph): Chains {
  const living = [...nodes.keys()].filter((n) => nodes[n]!.alive);
  const around = (n: number) => [...nodes[n]!.lower, ...nodes[n]!.upper].sort((a, b) => a - b);
  const special = new Set(living.filter((n) => around(n).length !== 2));
  // A ring without a branch is cut half way between where its diagram begins and ends, where bands cross it straight.
  if (special.size === 0 && living.length > 0) {
    const half = Math.max(...living.map((n) => nodes[n]!.level)) / 2;
    const off = (n: number) => Math.abs(nodes[n]!.level - half);
    special.add(living.reduce((a, b) => (off(b) < off(a) ? b : a)));
  }
  const chains: number[][] = [];
  const walked = new Set<string>();
  for (const start of special)
    for (const next of around(start)) {
      if (walked.has(`${start},${next}`)) continue;
      const chain = [start];
      let before = start;
      let at = next;
      while (!special.has(at)) {
        chain.push(at);
        const [a, b] = around(at);
        const on = a === before ? b! : a!;
        before = at;
        at = on;
      }
      chain.push(at);
      walked.add(`${start},${next}`);
      walked.add(`${at},${before}`);
      chains.push(chain);
    }
  return { nodes: [...special], chains, centres: new Map() };
}

/** A branch point this near to another, in radii, is the same one. */
const SAME = 0.75;

/** Makes one node of branch points that are closer together than the vessel is wide. */
export function contractShort({ nodes }: LevelGraph, { nodes: numbers, chains }: Chains): Chains {
  const degree = new Map<number, number>();
  for (const chain of chains)
    for (const n of [chain[0]!, chain.at(-1)!]) degree.set(n, (degree.get(n) ?? 0) + 1);
  const into = new Map(numbers.map((n) => [n, n]));
  const rootOf = (n: number): number => (into.get(n) === n ? n : rootOf(into.get(n)!));
  const kept: number[][] = [];
  for (const chain of chains) {
    const [a, b] = [chain[0]!, chain.at(-1)!];
    const far = distance(nodes[a]!.centre, nodes[b]!.centre);
    const near = far < SAME * Math.max(nodes[a]!.radiusMm, nodes[b]!.radiusMm) && chain.length <= 8;
    if (near && degree.get(a)! >= 3 && degree.get(b)! >= 3 && rootOf(a) !== rootOf(b))
      into.set(rootOf(b), rootOf(a));
    else kept.push(chain);
  }
  const centres = new Map<number, Point>();
  for (const n of numbers) {
    const members = numbers.filter((m) => rootOf(m) === n);
    if (members.length > 1)
      centres.set(
        n,
        [0, 1, 2].map(
          (axis) => members.reduce((sum, m) => sum + nodes[m]!.centre[axis]!, 0) / members.length,
        ) as Point,
      );
  }
  return {
    nodes: numbers.filter((n) => rootOf(n) === n),
    chains: kept.map((chain) => [rootOf(chain[0]!), ...chain.slice(1, -1), rootOf(chain.at(-1)!)]),
    centres,
  };
}
