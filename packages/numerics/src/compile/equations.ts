/** A system of differential and algebraic equations, and its form as one expression graph. */
import { inputError } from "@viscera/core";
import {
  Differentiator,
  type Expression,
  ExpressionGraph,
  type JacobianEntry,
  type Node,
} from "../expression/index.js";
import type { HistoryLookup } from "./emitter.js";

export interface EquationSystem {
  /** Names of the unknowns, in the order of every vector. */
  states: readonly string[];
  /** Names of what stays constant between two stops of a solver. */
  parameters: readonly string[];
  /** Symbol of the independent variable. */
  time: string;
  /** Per state its rate of change, or, where `algebraic` says so, an expression that has to be 0 (index 1). */
  equations: readonly Expression[];
  algebraic?: readonly boolean[];
  /** Named parts that equations and outputs (and each other) may use, in any order. */
  definitions?: ReadonlyMap<string, Expression>;
  /** Further quantities to be known at output times. */
  outputs?: readonly Expression[];
  /** Answers `history(k, t)` where equations or outputs use it. */
  history?: HistoryLookup;
}

/** The system in one graph, with its derivatives. */
export interface EquationGraph {
  graph: ExpressionGraph;
  equations: Node[];
  outputs: Node[];
  jacobian: JacobianEntry[];
  /** d equation / d time, null where no equation depends on the time. */
  timeDerivatives: Node[] | null;
}

/** Throws `input.unknown-symbol` and `input.cyclic-definition`. */
export function buildEquationGraph(system: EquationSystem): EquationGraph {
  const graph = new ExpressionGraph();
  const resolve = symbolResolver(graph, system);
  const equations = system.equations.map((expression) => graph.add(expression, resolve));
  const outputs = (system.outputs ?? []).map((expression) => graph.add(expression, resolve));
  const byState = new Differentiator(graph, system.states);
  const jacobian = byState.jacobian(equations);
  const byTime = new Differentiator(graph, [system.time]);
  const timeDerivatives = equations.map((node) => byTime.derivative(node, 0));
  return {
    graph,
    equations,
    outputs,
    jacobian,
    timeDerivatives: equations.some((node) => byTime.dependence(node).length > 0) ? timeDerivatives : null,
  };
}

/** Definitions are put in their symbols' place, each once. */
export function symbolResolver(graph: ExpressionGraph, system: EquationSystem): (name: string) => Node {
  const own = new Set([...system.states, ...system.parameters, system.time]);
  const done = new Map<string, Node>();
  const open = new Set<string>();
  const resolve = (name: string): Node => {
    if (own.has(name)) return graph.symbol(name);
    const found = done.get(name);
    if (found !== undefined) return found;
    const definition = system.definitions?.get(name);
    if (definition === undefined) {
      throw inputError(
        "unknown-symbol",
        `The equations use "${name}", which is neither a state, a parameter nor defined.`,
        "Define it, or correct its spelling.",
      );
    }
    if (open.has(name)) {
      throw inputError(
        "cyclic-definition",
        `The definitions of ${[...open, name].map((symbol) => `"${symbol}"`).join(", ")} need one another.`,
        "Make one of them an unknown with an equation of its own.",
      );
    }
    open.add(name);
    const node = graph.add(definition, resolve);
    open.delete(name);
    done.set(name, node);
    return node;
  };
  return resolve;
}
