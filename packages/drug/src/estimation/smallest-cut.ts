import type { ExpressionGraph, Node } from "@viscera/numerics";

/**
 * The fewest nodes through which everything that the roots take from the sources has to pass, by maximum flow (Ford &
 * Fulkerson 1956) with one unit through each node that `allowed` lets be cut, among such sets the one nearest to the
 * sources. Sources have to be allowed.
 */
export function smallestCut(
  graph: ExpressionGraph,
  roots: readonly Node[],
  sources: readonly Node[],
  allowed: (node: Node) => boolean,
): Node[] {
  const network = new Network(graph, roots, sources, allowed);
  while (network.augment());
  return network.cut();
}

/** Each node is an entrance and an exit; the flow between them is 0 or 1 where the node can be cut. */
class Network {
  readonly #users = new Map<Node, Node[]>();
  readonly #ends: ReadonlySet<Node>;
  readonly #sources: readonly Node[];
  readonly #allowed: (node: Node) => boolean;
  /** Units through each node. */
  readonly #through = new Map<Node, number>();
  /** Units from an exit to an entrance, by "exit entrance". */
  readonly #flow = new Map<string, number>();
  readonly #operands = new Map<Node, Node[]>();

  constructor(
    graph: ExpressionGraph,
    roots: readonly Node[],
    sources: readonly Node[],
    allowed: (node: Node) => boolean,
  ) {
    this.#allowed = allowed;
    const reached = new Set(sources);
    const needed = graph.needed(roots);
    for (const node of needed) {
      const content = graph.content(node);
      if (content.kind !== "call") continue;
      const operands = [...new Set(content.operands)].filter((operand) => reached.has(operand));
      if (operands.length === 0) continue;
      reached.add(node);
      this.#operands.set(node, operands);
      for (const operand of operands) {
        const users = this.#users.get(operand) ?? [];
        users.push(node);
        this.#users.set(operand, users);
      }
    }
    const among = new Set(needed);
    this.#sources = sources.filter((node) => among.has(node));
    this.#ends = new Set(roots.filter((root) => reached.has(root)));
  }

  /** Places that a further unit could come to, and how; "i5" is the entrance of node 5, "o5" its exit. */
  #search(): { from: Map<string, string>; end: string | null } {
    const from = new Map<string, string>();
    const queue: string[] = [];
    const visit = (place: string, origin: string) => {
      if (from.has(place)) return;
      from.set(place, origin);
      queue.push(place);
    };
    for (const source of this.#sources) visit(`i${source}`, "");
    for (let place = queue.shift(); place !== undefined; place = queue.shift()) {
      const node = Number(place.slice(1));
      if (place[0] === "i") {
        if (!this.#allowed(node) || !this.#carries(node)) visit(`o${node}`, place);
        // Back along what comes in.
        for (const operand of this.#operands.get(node) ?? []) {
          if ((this.#flow.get(`${operand} ${node}`) ?? 0) > 0) visit(`o${operand}`, place);
        }
      } else {
        if (this.#ends.has(node)) return { from, end: place };
        for (const user of this.#users.get(node) ?? []) visit(`i${user}`, place);
        if (this.#carries(node)) visit(`i${node}`, place);
      }
    }
    return { from, end: null };
  }

  #carries(node: Node): boolean {
    return (this.#through.get(node) ?? 0) > 0;
  }

  augment(): boolean {
    const { from, end } = this.#search();
    if (end === null) return false;
    for (let place = end; ; ) {
      const origin = from.get(place)!;
      if (origin === "") return true;
      const [a, b] = [Number(origin.slice(1)), Number(place.slice(1))];
      if (a === b) {
        this.#through.set(a, (this.#through.get(a) ?? 0) + (origin[0] === "i" ? 1 : -1));
      } else if (origin[0] === "o") this.#flow.set(`${a} ${b}`, (this.#flow.get(`${a} ${b}`) ?? 0) + 1);
      else this.#flow.set(`${b} ${a}`, this.#flow.get(`${b} ${a}`)! - 1);
      place = origin;
    }
  }

  /** Nodes whose entrance can still be reached but whose exit cannot. */
  cut(): Node[] {
    const { from } = this.#search();
    return [...this.#through.keys()]
      .filter((node) => this.#allowed(node) && this.#carries(node))
      .filter((node) => from.has(`i${node}`) && !from.has(`o${node}`))
      .sort((a, b) => a - b);
  }
}
