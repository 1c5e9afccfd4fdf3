/** The end of a segmentation network: from scores to labels, a part of the volume at a time. */
import type { ElementType } from "../tensor.js";
import type { GraphBuilder, Value } from "./graph-builder.js";

/** Parts the volume is cut into so that only one part's scores are in memory. */
export const HEAD_PARTS = 8;

/**
 * Cuts `x` [1, C, d0, d1, d2] into `parts` along d0, whose extent is known at run time only and must be at
 * least `parts`.
 */
export function splitDepth(graph: GraphBuilder, x: Value, parts: number): Value[] {
  if (parts === 1) return [x];
  const depth = graph.node("Shape", [x], { start: { int: 2 }, end: { int: 3 } });
  const bounds = Array.from({ length: parts + 1 }, (_, p) =>
    graph.div(graph.mul(depth, graph.ints([p])), graph.ints([parts])),
  );
  const axis = graph.ints([2]);
  return Array.from({ length: parts }, (_, p) => graph.node("Slice", [x, bounds[p]!, bounds[p + 1]!, axis]));
}

/**
 * Graph outputs `label` (the class of the highest score, the first of equals) and `probability` (its
 * softmax), [1, 1, d0, d1, d2], from scores [1, classes, ...] in parts along d0.
 */
export function labelHead(graph: GraphBuilder, scores: readonly Value[], labelType: ElementType): void {
  const labels: Value[] = [];
  const probabilities: Value[] = [];
  for (const part of scores) {
    labels.push(graph.cast(graph.argMax(part, 1, true), labelType));
    const best = graph.reduce("Max", part, [1]);
    const sum = graph.reduce("Sum", graph.map("Exp", graph.sub(part, best)), [1]);
    probabilities.push(graph.map("Reciprocal", sum));
  }
  const dims = [1, 1, "d0", "d1", "d2"];
  graph.output(graph.concat(labels, 2), "label", labelType, dims);
  graph.output(graph.concat(probabilities, 2), "probability", "float32", dims);
}
