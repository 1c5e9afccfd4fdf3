/**
 * Differential and algebraic equations in implicit form, 0 = r(y, dy/dt, inputs(t), parameters): the form that
 * networks of flow, circuits and mechanisms have before anything is solved for.
 */
import { inputError } from "@viscera/core";
import {
  Differentiator,
  type Expression,
  ExpressionGraph,
  type JacobianEntry,
  type Node,
} from "../expression/index.js";

export interface ImplicitSystem {
  /** Names of the unknowns, in the order of every vector. */
  unknowns: readonly string[];
  /** Symbol of the rate of change of an unknown. */
  rateOf: (unknown: string) => string;
  /**
   * Symbol of an unknown's value that the Jacobian takes for a constant, where there is one: for weak couplings whose
   * iterations have to go the way of another solver's.
   */
  laggedOf?: (unknown: string) => string;
  /** Names of what stays constant during a run. */
  parameters: readonly string[];
  /** Names of known functions of time; whoever steps sets their values. */
  inputs: readonly string[];
  /** As many as there are unknowns; each has to be 0. */
  residuals: readonly Expression[];
  /** What to call each equation in messages ("the flow balance of J0"). */
  names?: readonly string[];
  /**
   * Unknowns that a discrete state holds at 0: while the condition (of the unknowns) holds at an iterate, the
   * unknown is set to 0 before that iterate's correction is added. A closed valve's flow is one.
   */
  resets?: readonly { unknown: string; condition: Expression }[];
}

/** What a value changes with: nothing during a run, the time, or the unknowns. */
export const CONSTANT = 0;
export const TIMED = 1;
export const SOLVED = 2;
export type Level = typeof CONSTANT | typeof TIMED | typeof SOLVED;

/** Symbols of the two weights in the Jacobian: of d r / d (dy/dt) and of d r / d y. Parameters of a run. */
export const RATE_WEIGHT = "$rateWeight";
export const VALUE_WEIGHT = "$valueWeight";

export interface ImplicitGraph {
  graph: ExpressionGraph;
  residuals: Node[];
  /** rateWeight * d r / d (dy/dt) + valueWeight * d r / d y. */
  jacobian: JacobianEntry[];
  resets: { unknown: number; condition: Node }[];
  /** Level of every node of the graph. */
  level: (node: Node) => Level;
}

/** Throws `input.unknown-symbol` and, where equations and unknowns differ in number, `input.equations`. */
export function buildImplicitGraph(system: ImplicitSystem): ImplicitGraph {
  const { unknowns, rateOf } = system;
  if (system.residuals.length !== unknowns.length) {
    throw inputError(
      "equations",
      `There are ${system.residuals.length} equations for ${unknowns.length} unknowns.`,
      "Every unknown needs one equation; look for a part that is not connected.",
    );
  }
  const graph = new ExpressionGraph();
  const columns = new Map(unknowns.map((name, i) => [name, i]));
  const levels = new Map<string, Level>([
    ...[...system.parameters, RATE_WEIGHT, VALUE_WEIGHT].map((name): [string, Level] => [name, CONSTANT]),
    ...system.inputs.map((name): [string, Level] => [name, TIMED]),
    ...unknowns.flatMap((name): [string, Level][] => [
      [name, SOLVED],
      [rateOf(name), SOLVED],
      ...(system.laggedOf ? [[system.laggedOf(name), SOLVED] as [string, Level]] : []),
    ]),
  ]);
  const resolve = (name: string): Node => {
    if (!levels.has(name)) {
      throw inputError("unknown-symbol", `The equations use "${name}", which is not defined.`);
    }
    return graph.symbol(name);
  };
  const residuals = system.residuals.map((expression) => graph.add(expression, resolve));
  const resets = (system.resets ?? []).map(({ unknown, condition }) => ({
    unknown: columns.get(unknown)!,
    condition: graph.add(condition, resolve),
  }));
  const entries = new Map<number, JacobianEntry>();
  const parts: [JacobianEntry[], string][] = [
    [new Differentiator(graph, unknowns.map(rateOf)).jacobian(residuals), RATE_WEIGHT],
    [new Differentiator(graph, unknowns).jacobian(residuals), VALUE_WEIGHT],
  ];
  for (const [list, weight] of parts) {
    for (const { row, column, node } of list) {
      const weighted = graph.call("mul", graph.symbol(weight), node);
      const key = row * unknowns.length + column;
      const before = entries.get(key);
      entries.set(key, { row, column, node: before ? graph.call("add", before.node, weighted) : weighted });
    }
  }
  const level: Level[] = [];
  for (let node = 0; node < graph.length; node++) {
    const content = graph.content(node);
    if (content.kind === "number") level.push(CONSTANT);
    else if (content.kind === "symbol") level.push(levels.get(content.name)!);
    else level.push(Math.max(...content.operands.map((operand) => level[operand]!)) as Level);
  }
  return {
    graph,
    residuals,
    jacobian: [...entries.values()],
    resets,
    level: (node) => level[node]!,
  };
}
