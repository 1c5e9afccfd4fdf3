import { buildEquationGraph, type EquationSystem } from "../compile/equations.js";
import type { ExpressionGraph, Node } from "../expression/index.js";
import { call, type Expression } from "../expression/index.js";

const COMPARISONS: ReadonlySet<string> = new Set(["lt", "le", "eq"]);

/** Where a system's equations and outputs compare something. */
export interface Comparisons {
  /**
   * Times (of parameters only) at which they may jump by the clock: `t >= 5`, `2 * t < k`. A solver stops there
   * exactly instead of stepping over a short pulse.
   */
  times: Expression[];
  /** Left side minus right side of all other comparisons in the outputs: a change of sign may be a jump. */
  differences: Expression[];
}

export function comparisons(system: EquationSystem): Comparisons {
  const { graph, equations, outputs } = buildEquationGraph(system);
  const isParameter = (name: string) => system.parameters.includes(name);
  const times = new Map<Node, Expression>();
  const differences = new Map<Node, Expression>();
  const inOutputs = new Set(graph.needed(outputs));
  const written = new Map<Node, Expression>();
  for (const node of graph.needed([...equations, ...outputs])) {
    const content = graph.content(node);
    if (content.kind !== "call" || !COMPARISONS.has(content.operator)) continue;
    const difference = graph.call("sub", content.operands[0]!, content.operands[1]!);
    const line = lineIn(graph, difference, system.time, isParameter);
    if (line !== null) {
      const root = graph.call("div", graph.call("neg", line.constant), line.slope);
      times.set(root, toExpression(graph, root, written));
    } else if (inOutputs.has(node)) differences.set(difference, toExpression(graph, difference, written));
  }
  return { times: [...times.values()], differences: [...differences.values()] };
}

interface Line {
  slope: Node;
  constant: Node;
}

/** slope * time + constant with both free of time and states; null for anything else or without the time. */
function lineIn(
  graph: ExpressionGraph,
  root: Node,
  time: string,
  isParameter: (name: string) => boolean,
): Line | null {
  const zero = graph.number(0);
  const visit = (node: Node): Line | null => {
    const content = graph.content(node);
    if (content.kind === "number") return { slope: zero, constant: node };
    if (content.kind === "symbol") {
      if (content.name === time) return { slope: graph.number(1), constant: zero };
      return isParameter(content.name) ? { slope: zero, constant: node } : null;
    }
    const parts = content.operands.map(visit);
    if (parts.some((part) => part === null)) return null;
    const [a, b] = parts as [Line, Line];
    if (parts.every((part) => graph.constant(part!.slope) === 0)) return { slope: zero, constant: node };
    switch (content.operator) {
      case "neg":
        return { slope: graph.call("neg", a.slope), constant: graph.call("neg", a.constant) };
      case "add":
      case "sub":
        return {
          slope: graph.call(content.operator, a.slope, b.slope),
          constant: graph.call(content.operator, a.constant, b.constant),
        };
      case "mul": {
        const [factor, line] = graph.constant(a.slope) === 0 ? [a, b] : [b, a];
        if (graph.constant(factor.slope) !== 0) return null;
        return {
          slope: graph.call("mul", factor.constant, line.slope),
          constant: graph.call("mul", factor.constant, line.constant),
        };
      }
      case "div":
        if (graph.constant(b.slope) !== 0) return null;
        return {
          slope: graph.call("div", a.slope, b.constant),
          constant: graph.call("div", a.constant, b.constant),
        };
      default:
        return null;
    }
  };
  const line = visit(root);
  return line === null || graph.constant(line.slope) === 0 ? null : line;
}

/** The expression of a node; shared parts stay shared by way of `written`. */
function toExpression(graph: ExpressionGraph, root: Node, written: Map<Node, Expression>): Expression {
  for (const node of graph.needed([root])) {
    if (written.has(node)) continue;
    const content = graph.content(node);
    if (content.kind === "number") written.set(node, { kind: "number", value: content.value });
    else if (content.kind === "symbol") written.set(node, { kind: "symbol", name: content.name });
    else {
      const operands = content.operands.map((operand) => written.get(operand)!);
      written.set(node, call(content.operator, ...operands));
    }
  }
  return written.get(root)!;
}
