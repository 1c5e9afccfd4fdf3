/** Forward sensitivities: how states and outputs change with parameters, as equations of their own. */
import { inputError } from "@viscera/core";
import {
  Differentiator,
  type Expression,
  ExpressionGraph,
  type Node,
  symbolsOf,
} from "../expression/index.js";
import { type EquationSystem, symbolResolver } from "./equations.js";

export interface SensitivityOptions {
  /** 2: second derivatives too. Default 1. */
  order?: 1 | 2;
  /** States at the start, as formulas of the parameters, where they depend on them; differentiated as well. */
  initial?: readonly Expression[];
}

/** A system of which the first states and outputs are those of the original. */
export interface SensitivitySystem {
  /**
   * States: x_1 ... x_n, then for each parameter k the derivatives d x_1/d p_k ... d x_n/d p_k, then (order 2) for each
   * pair k <= l, (1,1), (1,2) ... (2,2) ..., the second derivatives of x_1 ... x_n. Outputs in the same way.
   */
  system: EquationSystem;
  /** Of all states; 0 for the derivatives where `initial` was not given. */
  initial: Expression[];
  /** Pairs of parameters in the order of the second derivatives; empty with order 1. */
  pairs: readonly (readonly [number, number])[];
}

/**
 * Adds dS/dt = J S + df/dp, differentiated symbolically (Hairer, Norsett & Wanner, Solving ODEs I, section I.14), for
 * any solver to carry. Parameters that change where the state jumps are the caller's concern. Throws `input.sensitivity`
 * for an unknown parameter or delays, `failed.derivative` for what has no derivative.
 */
export function sensitivitySystem(
  system: EquationSystem,
  parameters: readonly string[],
  {
    order = 1,
    initial = system.states.map(() => ({ kind: "number", value: 0 }) as const),
  }: SensitivityOptions = {},
): SensitivitySystem {
  const { states } = system;
  const unknown = parameters.find((name) => !system.parameters.includes(name));
  if (unknown !== undefined) {
    throw inputError(
      "sensitivity",
      `The system has no parameter "${unknown}".`,
      `It has ${system.parameters.join(", ")}.`,
    );
  }
  if (system.history) {
    throw inputError("sensitivity", "Sensitivities of systems with delays are not supported.");
  }
  const graph = new ExpressionGraph();
  const resolve = symbolResolver(graph, system);
  const add = (expression: Expression) => graph.add(expression, resolve);
  const n = states.length;
  const first = parameters.map((parameter) => states.map((state) => `d(${state})/d(${parameter})`));
  const pairs =
    order === 1 ? [] : parameters.flatMap((_, k) => parameters.slice(k).map((_, i) => [k, k + i] as const));
  const second = pairs.map(([k, l]) =>
    states.map((state) => `d2(${state})/d(${parameters[k]})d(${parameters[l]})`),
  );
  // Each variable's own derivative: those of states are unknowns, those of first derivatives the second ones.
  const rateOfChange = new Map<string, (string | null)[]>();
  for (const [i, state] of states.entries()) {
    rateOfChange.set(
      state,
      parameters.map((_, k) => first[k]![i]!),
    );
    for (let k = 0; k < parameters.length; k++) {
      const at = (l: number) => pairs.findIndex(([a, b]) => a === Math.min(k, l) && b === Math.max(k, l));
      rateOfChange.set(
        first[k]![i]!,
        parameters.map((_, l) => second[at(l)]?.[i] ?? null),
      );
    }
  }
  const variables = [...states, ...first.flat(), ...parameters];
  const differentiator = new Differentiator(graph, variables);
  /** The derivative by a parameter along the solution. */
  const total = (node: Node, k: number): Node => {
    let sum = graph.number(0);
    for (const column of [...differentiator.dependence(node)]) {
      const variable = variables[column]!;
      const inner =
        column >= n * (1 + parameters.length)
          ? variable === parameters[k]
            ? graph.number(1)
            : graph.number(0)
          : graph.symbol(rateOfChange.get(variable)![k]!);
      sum = graph.call("add", sum, graph.call("mul", differentiator.derivative(node, column), inner));
    }
    return sum;
  };
  const withDerivatives = (nodes: readonly Node[]): Node[] => {
    const firsts = parameters.map((_, k) => nodes.map((node) => total(node, k)));
    const seconds = pairs.map(([k, l]) => firsts[k]!.map((node) => total(node, l)));
    return [...nodes, ...firsts.flat(), ...seconds.flat()];
  };
  const equations = withDerivatives(system.equations.map(add));
  const outputs = withDerivatives((system.outputs ?? []).map(add));
  const starts = withDerivatives(initial.map(add));
  const all = graph.expressions([...equations, ...outputs, ...starts]);
  const unknowns = [...states, ...first.flat(), ...second.flat()];
  checkStarts(all.slice(equations.length + outputs.length), unknowns);
  return {
    system: {
      states: unknowns,
      parameters: system.parameters,
      time: system.time,
      equations: all.slice(0, equations.length),
      ...(system.algebraic ? { algebraic: unknowns.map((_, i) => system.algebraic![i % n] === true) } : {}),
      outputs: all.slice(equations.length, equations.length + outputs.length),
    },
    initial: all.slice(equations.length + outputs.length),
    pairs,
  };
}

function checkStarts(starts: readonly Expression[], unknowns: readonly string[]): void {
  const states = new Set(unknowns);
  for (const start of starts) {
    const used = [...symbolsOf(start)].find((name) => states.has(name));
    if (used !== undefined) {
      throw inputError("sensitivity", `The initial values use "${used}"; they may use parameters only.`);
    }
  }
}
