import { Differentiator } from "./differentiate.js";
import type { ExpressionGraph, Node } from "./graph.js";

const STRAIGHT: ReadonlySet<string> = new Set(["neg", "add", "sub", "mul", "div"]);

/**
 * Whether expressions are sums of the variables times factors without them, and a part without them: by structure, so
 * that a condition on a variable, whose derivative is 0 nearly everywhere, does not count.
 */
export function isAffine(
  graph: ExpressionGraph,
  nodes: readonly Node[],
  variables: readonly string[],
): boolean {
  const by = new Differentiator(graph, variables);
  const straight = graph.needed(nodes).every((node) => {
    const content = graph.content(node);
    return content.kind !== "call" || STRAIGHT.has(content.operator) || by.dependence(node).length === 0;
  });
  return straight && by.jacobian(nodes).every(({ node }) => by.dependence(node).length === 0);
}
