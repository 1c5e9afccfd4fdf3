import { failedError } from "@viscera/core";
import type { ExpressionGraph, Node, NodeContent } from "./graph.js";

/** An entry of a sparse Jacobian: d f[row] / d variable[column]. */
export interface JacobianEntry {
  row: number;
  column: number;
  node: Node;
}

/**
 * Symbolic derivatives on a graph. A node is differentiated only by the variables that it depends on, and every
 * pair of node and variable once.
 */
export class Differentiator {
  readonly #graph: ExpressionGraph;
  readonly #columns: ReadonlyMap<string, number>;
  /** Per node the sorted columns that it depends on. */
  readonly #dependence: number[][] = [];
  readonly #done = new Map<number, Map<Node, Node>>();

  constructor(graph: ExpressionGraph, variables: readonly string[]) {
    this.#graph = graph;
    this.#columns = new Map(variables.map((name, column) => [name, column]));
  }

  /** Columns of the variables that a node depends on, in rising order. */
  dependence(node: Node): readonly number[] {
    for (let n = this.#dependence.length; n <= node; n++) {
      const content = this.#graph.content(n);
      if (content.kind === "number") this.#dependence.push([]);
      else if (content.kind === "symbol") {
        const column = this.#columns.get(content.name);
        this.#dependence.push(column === undefined ? [] : [column]);
      } else {
        this.#dependence.push(content.operands.map((operand) => this.#dependence[operand]!).reduce(merged));
      }
    }
    return this.#dependence[node]!;
  }

  /** Every entry of d roots / d variables that is not identically 0, row by row. */
  jacobian(roots: readonly Node[]): JacobianEntry[] {
    const entries: JacobianEntry[] = [];
    for (const [row, root] of roots.entries()) {
      for (const column of [...this.dependence(root)]) {
        const node = this.derivative(root, column);
        if (this.#graph.constant(node) !== 0) entries.push({ row, column, node });
      }
    }
    return entries;
  }

  /** d root / d variable[column]. Throws `failed.derivative` for a factorial of a variable. */
  derivative(root: Node, column: number): Node {
    const done = this.#done.get(column) ?? new Map<Node, Node>();
    this.#done.set(column, done);
    const graph = this.#graph;
    const zero = graph.number(0);
    // Operands before what uses them, so that no recursion goes deep.
    for (const node of this.#pathTo(root, column, done)) {
      const content = graph.content(node);
      done.set(
        node,
        this.#rule(node, content, (operand) => done.get(operand) ?? zero),
      );
    }
    return done.get(root) ?? zero;
  }

  /** Nodes under `root` that depend on the column and have no derivative yet, in rising order. */
  #pathTo(root: Node, column: number, done: ReadonlyMap<Node, Node>): Node[] {
    const found = new Set<Node>();
    const pending = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (found.has(node) || done.has(node) || !this.dependence(node).includes(column)) continue;
      found.add(node);
      const content = this.#graph.content(node);
      if (content.kind === "call") pending.push(...content.operands);
    }
    return [...found].sort((a, b) => a - b);
  }

  #rule(node: Node, content: NodeContent, d: (operand: Node) => Node): Node {
    const g = this.#graph;
    if (content.kind === "symbol") return g.number(1);
    if (content.kind === "number") return g.number(0);
    const [a, b, c] = content.operands as [Node, Node, Node];
    const one = g.number(1);
    const square = (x: Node) => g.call("mul", x, x);
    const scaled = (factor: Node) => g.call("mul", factor, d(a));
    const over = (divisor: Node) => g.call("div", d(a), divisor);
    switch (content.operator) {
      case "neg":
        return g.call("neg", d(a));
      case "add":
      case "sub":
        return g.call(content.operator, d(a), d(b));
      case "mul":
        return g.call("add", g.call("mul", d(a), b), g.call("mul", a, d(b)));
      case "div":
        // (a' - y b') / b with y = a / b
        return g.call("div", g.call("sub", d(a), g.call("mul", node, d(b))), b);
      case "pow": {
        const byBase = g.call("mul", g.call("mul", b, g.call("pow", a, g.call("sub", b, one))), d(a));
        const byExponent =
          g.constant(d(b)) === 0 ? g.number(0) : g.call("mul", g.call("mul", node, g.call("ln", a)), d(b));
        return g.call("add", g.constant(d(a)) === 0 ? g.number(0) : byBase, byExponent);
      }
      case "exp":
        return scaled(node);
      case "ln":
        return over(a);
      case "sqrt":
        return over(g.call("mul", g.number(2), node));
      case "abs":
        return g.call("select", g.call("lt", a, g.number(0)), g.call("neg", d(a)), d(a));
      case "min":
        return g.call("select", g.call("le", a, b), d(a), d(b));
      case "max":
        return g.call("select", g.call("le", a, b), d(b), d(a));
      case "select":
        return g.call("select", a, d(b), d(c));
      case "history":
        return g.call("mul", g.call("historyRate", a, b), d(b));
      case "rem": {
        // a - b trunc(a / b)
        const quotient = g.call("div", g.call("sub", a, node), b);
        return g.call("sub", d(a), g.call("mul", quotient, d(b)));
      }
      case "sin":
        return scaled(g.call("cos", a));
      case "cos":
        return g.call("neg", scaled(g.call("sin", a)));
      case "tan":
        return scaled(g.call("add", one, square(node)));
      case "asin":
        return over(g.call("sqrt", g.call("sub", one, square(a))));
      case "acos":
        return g.call("neg", over(g.call("sqrt", g.call("sub", one, square(a)))));
      case "atan":
        return over(g.call("add", one, square(a)));
      case "sinh":
        return scaled(g.call("cosh", a));
      case "cosh":
        return scaled(g.call("sinh", a));
      case "tanh":
        return scaled(g.call("sub", one, square(node)));
      case "asinh":
        return over(g.call("sqrt", g.call("add", square(a), one)));
      case "acosh":
        return over(g.call("sqrt", g.call("sub", square(a), one)));
      case "atanh":
        return over(g.call("sub", one, square(a)));
      case "floor":
      case "ceil":
      case "not":
      case "lt":
      case "le":
      case "eq":
      case "and":
      case "or":
      case "xor":
        // Piecewise constant: 0 wherever there is a derivative.
        return g.number(0);
      case "historyRate":
        throw failedError("derivative", "A recorded quantity has no second derivative.");
      case "factorial":
        if (g.constant(d(a)) === 0) return g.number(0);
        throw failedError(
          "derivative",
          "The factorial of a variable cannot be differentiated.",
          "Take a solver that needs no Jacobian, or write the equation without it.",
        );
    }
  }
}

/** Both sorted lists as one. */
function merged(a: number[], b: number[]): number[] {
  if (a.length === 0 || a === b) return b;
  if (b.length === 0) return a;
  const result: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [x, y] = [a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY];
    result.push(Math.min(x, y));
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return result.length === a.length ? a : result.length === b.length ? b : result;
}
