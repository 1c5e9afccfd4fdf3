/**
 * Expressions as one graph in which equal parts exist once. Nodes are numbered in the order they were made, so
 * operands always come before what uses them: evaluating, differentiating and compiling are loops over numbers.
 */
import { failedError } from "@viscera/core";
import { applyOperator } from "./apply.js";
import type { Expression, Operator } from "./expression.js";
import { simplified } from "./simplify.js";

/** Number of a node in its graph. */
export type Node = number;

export type NodeContent =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "call"; readonly operator: Operator; readonly operands: readonly Node[] };

/** Operators whose operands may be swapped. */
const COMMUTATIVE: ReadonlySet<Operator> = new Set(["add", "mul", "min", "max", "eq", "and", "or", "xor"]);

export class ExpressionGraph {
  readonly #contents: NodeContent[] = [];
  readonly #byKey = new Map<string, Node>();

  get length(): number {
    return this.#contents.length;
  }

  content(node: Node): NodeContent {
    const content = this.#contents[node];
    if (content === undefined) throw failedError("expression", `The graph has no node ${node}.`);
    return content;
  }

  #node(key: string, content: NodeContent): Node {
    let node = this.#byKey.get(key);
    if (node === undefined) {
      node = this.#contents.push(content) - 1;
      this.#byKey.set(key, node);
    }
    return node;
  }

  number(value: number): Node {
    return this.#node(`n${Object.is(value, -0) ? "-0" : value}`, { kind: "number", value });
  }

  symbol(name: string): Node {
    return this.#node(`s${name}`, { kind: "symbol", name });
  }

  /** The number that a node is, or null. */
  constant(node: Node): number | null {
    const content = this.content(node);
    return content.kind === "number" ? content.value : null;
  }

  /** A call, simplified where an algebraic identity makes it shorter. */
  call(operator: Operator, ...operands: Node[]): Node {
    const constants = operands.map((operand) => this.constant(operand));
    if (!operator.startsWith("history") && constants.every((value) => value !== null)) {
      return this.number(applyOperator(operator, ...(constants as [number, ...number[]])));
    }
    const shorter = simplified(this, operator, operands);
    if (shorter !== null) return shorter;
    const ordered =
      COMMUTATIVE.has(operator) && operands[0]! > operands[1]! ? [operands[1]!, operands[0]!] : operands;
    return this.#node(`${operator} ${ordered.join()}`, { kind: "call", operator, operands: ordered });
  }

  /** Adds an expression; symbols are looked up by `resolve`, and stay symbols without one. */
  add(expression: Expression, resolve: (name: string) => Node = (name) => this.symbol(name)): Node {
    const done = new Map<Expression, Node>();
    const visit = (part: Expression): Node => {
      let node = done.get(part);
      if (node === undefined) {
        if (part.kind === "number") node = this.number(part.value);
        else if (part.kind === "symbol") node = resolve(part.name);
        else node = this.call(part.operator, ...part.operands.map(visit));
        done.set(part, node);
      }
      return node;
    };
    return visit(expression);
  }

  /** Every node that the given ones need, themselves included, operands first. */
  needed(roots: readonly Node[]): Node[] {
    const marked = new Uint8Array(this.length);
    for (const root of roots) marked[root] = 1;
    for (let node = this.length - 1; node >= 0; node--) {
      if (!marked[node]) continue;
      const content = this.#contents[node]!;
      if (content.kind === "call") for (const operand of content.operands) marked[operand] = 1;
    }
    return [...marked.keys()].filter((node) => marked[node] === 1);
  }

  /**
   * The given nodes as expressions again, equal parts shared. Nodes that `replacement` knows become what it gives.
   */
  expressions(
    roots: readonly Node[],
    replacement: (node: Node) => Expression | undefined = () => undefined,
  ): Expression[] {
    const made = new Map<Node, Expression>();
    for (const node of this.needed(roots)) {
      const content = this.#contents[node]!;
      made.set(
        node,
        replacement(node) ??
          (content.kind === "call"
            ? { ...content, operands: content.operands.map((operand) => made.get(operand)!) }
            : content),
      );
    }
    return roots.map((root) => made.get(root)!);
  }

  /** Values of the given nodes: the plain interpreter that compiled forms are compared with. */
  evaluate(roots: readonly Node[], lookUp: (name: string) => number): Float64Array {
    const values = new Float64Array(this.length);
    for (const node of this.needed(roots)) {
      const content = this.#contents[node]!;
      if (content.kind === "number") values[node] = content.value;
      else if (content.kind === "symbol") values[node] = lookUp(content.name);
      else {
        const [a, b, c] = content.operands;
        values[node] = applyOperator(
          content.operator,
          values[a!]!,
          b === undefined ? 0 : values[b]!,
          c === undefined ? 0 : values[c]!,
        );
      }
    }
    return Float64Array.from(roots, (root) => values[root]!);
  }
}
