/**
 * Algebraic identities that make a call shorter. They hold for finite numbers: 0 * x is 0 even where x would
 * be infinite or NaN at run time, as in every symbolic derivative.
 */
import type { Operator } from "./expression.js";
import type { ExpressionGraph, Node } from "./graph.js";

/** Whole powers up to this one become products. */
const LARGEST_PRODUCT = 4;

/** A node equal to the call, or null when the call is as short as it gets. */
export function simplified(
  graph: ExpressionGraph,
  operator: Operator,
  operands: readonly Node[],
): Node | null {
  const [a, b, c] = operands as [Node, Node, Node];
  const is = (node: Node, value: number) => graph.constant(node) === value;
  switch (operator) {
    case "add": {
      if (is(a, 0)) return b;
      if (is(b, 0)) return a;
      const negated = operandOf(graph, b, "neg");
      if (negated !== null) return graph.call("sub", a, negated);
      const first = operandOf(graph, a, "neg");
      return first === null ? null : graph.call("sub", b, first);
    }
    case "sub": {
      if (is(b, 0)) return a;
      if (is(a, 0)) return graph.call("neg", b);
      if (a === b) return graph.number(0);
      const negated = operandOf(graph, b, "neg");
      return negated === null ? null : graph.call("add", a, negated);
    }
    case "mul":
      return simplifiedProduct(graph, a, b);
    case "div": {
      if (is(b, 1)) return a;
      if (is(b, -1)) return graph.call("neg", a);
      if (is(a, 0)) return a;
      const negated = operandOf(graph, a, "neg");
      return negated === null ? null : graph.call("neg", graph.call("div", negated, b));
    }
    case "pow":
      return simplifiedPower(graph, a, graph.constant(b));
    case "neg": {
      const inner = operandOf(graph, a, "neg");
      if (inner !== null) return inner;
      const content = graph.content(a);
      if (content.kind === "call" && content.operator === "sub") {
        return graph.call("sub", content.operands[1]!, content.operands[0]!);
      }
      return null;
    }
    case "abs":
      return operandOf(graph, a, "abs") === null ? null : a;
    case "min":
    case "max":
      return a === b ? a : null;
    case "select": {
      if (b === c) return b;
      const condition = graph.constant(a);
      if (condition === null) return null;
      return condition !== 0 ? b : c;
    }
    case "and":
      if (is(a, 0) || is(b, 0)) return graph.number(0);
      return null;
    default:
      return null;
  }
}

function operandOf(graph: ExpressionGraph, node: Node, operator: Operator): Node | null {
  const content = graph.content(node);
  return content.kind === "call" && content.operator === operator ? content.operands[0]! : null;
}

function simplifiedProduct(graph: ExpressionGraph, a: Node, b: Node): Node | null {
  const [left, right] = graph.constant(a) !== null ? [a, b] : [b, a];
  const factor = graph.constant(left);
  if (factor === 0) return graph.number(0);
  if (factor === 1) return right;
  if (factor === -1) return graph.call("neg", right);
  const [negatedA, negatedB] = [operandOf(graph, a, "neg"), operandOf(graph, b, "neg")];
  if (factor !== null) {
    const negated = operandOf(graph, right, "neg");
    if (negated !== null) return graph.call("mul", graph.number(-factor), negated);
    // 2 * (3 * x) = 6 * x
    const content = graph.content(right);
    if (content.kind === "call" && content.operator === "mul") {
      const inner = content.operands.find((operand) => graph.constant(operand) !== null);
      if (inner !== undefined) {
        const other = content.operands[0] === inner ? content.operands[1]! : content.operands[0]!;
        return graph.call("mul", graph.number(factor * graph.constant(inner)!), other);
      }
    }
    return null;
  }
  if (negatedA !== null && negatedB !== null) return graph.call("mul", negatedA, negatedB);
  if (negatedA !== null) return graph.call("neg", graph.call("mul", negatedA, b));
  if (negatedB !== null) return graph.call("neg", graph.call("mul", a, negatedB));
  return null;
}

function simplifiedPower(graph: ExpressionGraph, base: Node, exponent: number | null): Node | null {
  if (graph.constant(base) === 1) return base;
  if (exponent === null) return null;
  if (exponent === 0) return graph.number(1);
  if (exponent === 0.5) return graph.call("sqrt", base);
  if (!Number.isInteger(exponent) || Math.abs(exponent) > LARGEST_PRODUCT) return null;
  const square = exponent % 2 === 0 || Math.abs(exponent) > 2 ? graph.call("mul", base, base) : base;
  const power = [base, base, square, graph.call("mul", square, base), graph.call("mul", square, square)][
    Math.abs(exponent)
  ]!;
  return exponent > 0 ? power : graph.call("div", graph.number(1), power);
}
