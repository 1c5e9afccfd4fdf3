import type { ExpressionGraph, Node } from "../expression/index.js";

/** Consecutive numbers of one meaning in an instance's memory; `start` counts numbers of 8 bytes per lane. */
export interface Region {
  start: number;
  length: number;
}

/** Deals out the memory of one instance. */
export class Layout {
  #length = 0;

  get length(): number {
    return this.#length;
  }

  region(length: number): Region {
    const start = this.#length;
    this.#length += length;
    return { start, length };
  }
}

/**
 * Nodes that depend on parameters only and are used where states or the time are: computed once for a set of
 * parameters instead of at every step.
 */
export function hoistedNodes(
  graph: ExpressionGraph,
  roots: readonly Node[],
  isParameter: (name: string) => boolean,
): Node[] {
  const varies = new Uint8Array(graph.length);
  const hoisted = new Set<Node>();
  const needed = graph.needed(roots);
  const isCall = (node: Node) => graph.content(node).kind === "call";
  for (const node of needed) {
    const content = graph.content(node);
    if (content.kind === "symbol") varies[node] = isParameter(content.name) ? 0 : 1;
    else if (content.kind === "call")
      varies[node] = content.operands.some((operand) => varies[operand]) ? 1 : 0;
    if (content.kind === "call" && varies[node]) {
      for (const operand of content.operands) if (!varies[operand] && isCall(operand)) hoisted.add(operand);
    }
  }
  for (const root of roots) if (!varies[root] && isCall(root)) hoisted.add(root);
  return [...hoisted].sort((a, b) => a - b);
}
