/**
 * A model seen from one subject: the few quantities through which population parameters and random effects act (clearance,
 * volume ...), and the model with those as its parameters. Predictions are differentiated by them only; what they are
 * made of follows by the chain rule.
 */
import {
  compileEquations,
  Differentiator,
  EquationEvaluator,
  type Expression,
  ExpressionGraph,
  type Node,
  symbol,
  symbolsOf,
} from "@viscera/numerics";
import {
  equationSystem,
  givenSymbols,
  type ModelCompartment,
  type PharmacologyModel,
  TIME,
} from "../pharmacology/model.js";
import { smallestCut } from "./smallest-cut.js";

/** What predictions depend on, in this order: population parameters, effects of the subject, of its occasion. */
export interface EffectNames {
  parameters: readonly string[];
  subject: readonly string[];
  occasion: readonly string[];
}

/** An entry of a derivative of the individual quantities. */
interface DerivativeEntry {
  quantity: number;
  /** Among parameters, subject's and occasion's effects, counted through. */
  by: number;
  /** Of second derivatives, at least `by`. */
  and: number;
}

export interface IndividualQuantities {
  values: Float64Array;
  /** quantities x variables. */
  first: Float64Array;
  /** quantities x variables x variables. */
  second: Float64Array;
}

export const quantityName = (k: number): string => `individual.${k}`;

export interface IndividualModel {
  /** Its first parameters are the individual quantities; the others are those of the model that predictions need. */
  model: PharmacologyModel;
  quantities: number;
  /** Per quantity whether it depends on effects of the occasion. */
  ofOccasion: boolean[];
  /** Per quantity whether doses (bioavailability, lag, rate, duration) depend on it. */
  ofDoses: boolean[];
  /** Population parameters on which no prediction depends. */
  without: string[];
  /** Named definitions that are constant in a subject and depend on its effects, for tables. */
  named: string[];
  evaluator: QuantityEvaluator;
}

/**
 * Derives it. `varying` are covariates that change within subjects.
 */
export async function individualModel(
  source: PharmacologyModel,
  effects: EffectNames,
  { outputs, varying }: { outputs: readonly string[]; varying: ReadonlySet<string> },
): Promise<IndividualModel> {
  const graph = new ExpressionGraph();
  const { definitions = new Map<string, Expression>() } = equationSystem(source);
  const resolved = new Map<string, Node>();
  const resolve = (name: string): Node => {
    const definition = definitions.get(name);
    if (definition === undefined) return graph.symbol(name);
    const node = resolved.get(name) ?? graph.add(definition, resolve);
    resolved.set(name, node);
    return node;
  };
  const add = (expression: Expression) => graph.add(expression, resolve);
  const { compartments } = source;
  const observed = outputs.map((name) =>
    add(source.outputs.find((output) => output.name === name)!.expression),
  );
  const rates = compartments.map(({ rate }) => add(rate));
  const initial = compartments.map((compartment) => add(compartment.initial));
  const doses = compartments.map(({ bioavailability, lag, infusionRate, infusionDuration }) =>
    [bioavailability, lag, infusionRate, infusionDuration].map((value) =>
      value === null ? null : add(value),
    ),
  );
  const doseNodes = doses.flat().filter((node) => node !== null);
  const roots = [...rates, ...initial, ...observed, ...doseNodes];
  const names = compartments.map(({ name }) => name);
  const given = givenSymbols(names);
  const changing = (name: string) => given.has(name) || names.includes(name) || varying.has(name);
  const inTime = dependents(graph, roots, changing);
  const variables = [...effects.parameters, ...effects.subject, ...effects.occasion];
  const sources = variables.map((name) => graph.symbol(name));
  const cut = smallestCut(graph, roots, sources, (node) => !inTime.has(node));
  const occasions = new Set(effects.occasion);
  const byOccasion = dependents(graph, cut, (name) => occasions.has(name));
  const used = new Set(cut.flatMap((node) => symbolsUnder(graph, node)));
  const quantityOf = new Map(cut.map((node, k) => [node, symbol(quantityName(k))]));
  const replaced = (nodes: readonly Node[]) => graph.expressions(nodes, (node) => quantityOf.get(node));
  const doseExpressions = doses.map((nodes) =>
    nodes.map((node) => (node === null ? null : replaced([node])[0]!)),
  );
  const [rateExpressions, initialExpressions, outputExpressions] = [rates, initial, observed].map(
    replaced,
  ) as [Expression[], Expression[], Expression[]];
  const left = new Set(
    [...rateExpressions, ...initialExpressions, ...outputExpressions, ...doseExpressions.flat()].flatMap(
      (expression) => (expression === null ? [] : [...symbolsOf(expression)]),
    ),
  );
  const doseSymbols = new Set(
    doseExpressions.flat().flatMap((expression) => (expression === null ? [] : [...symbolsOf(expression)])),
  );
  const model: PharmacologyModel = {
    ...source,
    parameters: [
      ...cut.map((_, k) => ({ name: quantityName(k), value: 1, unit: "", description: "" })),
      ...source.parameters.filter(({ name }) => left.has(name)),
    ],
    compartments: compartments.map((compartment, i): ModelCompartment => {
      const [bioavailability, lag, infusionRate, infusionDuration] = doseExpressions[i]!;
      return {
        ...compartment,
        rate: rateExpressions[i]!,
        initial: initialExpressions[i]!,
        bioavailability: bioavailability!,
        lag: lag!,
        infusionRate: infusionRate!,
        infusionDuration: infusionDuration!,
      };
    }),
    // Times after doses only: everything else has been put in its place.
    definitions: new Map(),
    outputs: outputs.map((name, i) => ({ name, unit: "", expression: outputExpressions[i]! })),
    random: [],
    errors: [],
  };
  const inEffects = dependents(
    graph,
    [...resolved.values()],
    (name) => effects.subject.includes(name) || occasions.has(name),
  );
  const timeVarying = dependents(graph, [...resolved.values()], changing);
  const named = [...source.definitions.keys()].filter((name) => {
    const node = resolved.get(name);
    return node !== undefined && inEffects.has(node) && !timeVarying.has(node);
  });
  return {
    model,
    quantities: cut.length,
    ofOccasion: cut.map((node) => byOccasion.has(node)),
    ofDoses: cut.map((_, k) => doseSymbols.has(quantityName(k))),
    without: effects.parameters.filter((name) => !used.has(name)),
    named,
    evaluator: await QuantityEvaluator.create(
      graph,
      cut,
      named.map((name) => resolved.get(name)!),
      variables,
      source,
    ),
  };
}

/** Values and derivatives of the individual quantities, and values of named definitions. */
export class QuantityEvaluator {
  readonly #evaluator: EquationEvaluator;
  readonly #quantities: number;
  readonly #variables: number;
  readonly #entries: readonly DerivativeEntry[];
  readonly #named: number;

  private constructor(
    evaluator: EquationEvaluator,
    quantities: number,
    variables: number,
    entries: readonly DerivativeEntry[],
    named: number,
  ) {
    this.#evaluator = evaluator;
    this.#quantities = quantities;
    this.#variables = variables;
    this.#entries = entries;
    this.#named = named;
  }

  static async create(
    graph: ExpressionGraph,
    cut: readonly Node[],
    named: readonly Node[],
    variables: readonly string[],
    source: PharmacologyModel,
  ): Promise<QuantityEvaluator> {
    const differentiator = new Differentiator(graph, variables);
    const entries: DerivativeEntry[] = [];
    const nodes: Node[] = [];
    for (const [quantity, node] of cut.entries()) {
      for (const by of [...differentiator.dependence(node)]) {
        const first = differentiator.derivative(node, by);
        entries.push({ quantity, by, and: -1 });
        nodes.push(first);
        for (const and of [...differentiator.dependence(first)].filter((other) => other >= by)) {
          entries.push({ quantity, by, and });
          nodes.push(differentiator.derivative(first, and));
        }
      }
    }
    const compiled = await compileEquations({
      states: [],
      parameters: [...new Set([...variables, ...source.parameters.map(({ name }) => name)])],
      time: TIME,
      equations: [],
      outputs: graph.expressions([...cut, ...named, ...nodes]),
    });
    return new QuantityEvaluator(
      new EquationEvaluator(compiled),
      cut.length,
      variables.length,
      entries,
      named.length,
    );
  }

  /** Parameters of the source model that come after the variables, by their names. */
  get parameters(): readonly string[] {
    return this.#evaluator.system.parameters;
  }

  #outputs(values: Float64Array): Float64Array {
    this.#evaluator.setParameters(values);
    return this.#evaluator.outputs(0, new Float64Array(0));
  }

  /** Values in the order of `parameters`. */
  values(values: Float64Array): Float64Array {
    return this.#outputs(values).slice(0, this.#quantities);
  }

  named(values: Float64Array): Float64Array {
    return this.#outputs(values).slice(this.#quantities, this.#quantities + this.#named);
  }

  derivatives(values: Float64Array): IndividualQuantities {
    const outputs = this.#outputs(values);
    const s = this.#variables;
    const first = new Float64Array(this.#quantities * s);
    const second = new Float64Array(this.#quantities * s * s);
    const start = this.#quantities + this.#named;
    for (const [i, { quantity, by, and }] of this.#entries.entries()) {
      const value = outputs[start + i]!;
      if (and < 0) first[quantity * s + by] = value;
      else {
        second[(quantity * s + by) * s + and] = value;
        second[(quantity * s + and) * s + by] = value;
      }
    }
    return { values: outputs.slice(0, this.#quantities), first, second };
  }
}

/** Nodes under the roots that contain a symbol of some kind. */
function dependents(
  graph: ExpressionGraph,
  roots: readonly Node[],
  is: (symbol: string) => boolean,
): Set<Node> {
  const found = new Set<Node>();
  for (const node of graph.needed(roots)) {
    const content = graph.content(node);
    const depends =
      content.kind === "symbol"
        ? is(content.name)
        : content.kind === "call" && content.operands.some((operand) => found.has(operand));
    if (depends) found.add(node);
  }
  return found;
}

function symbolsUnder(graph: ExpressionGraph, root: Node): string[] {
  return graph.needed([root]).flatMap((node) => {
    const content = graph.content(node);
    return content.kind === "symbol" ? [content.name] : [];
  });
}
