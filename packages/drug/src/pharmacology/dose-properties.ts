import { type Expression, ExpressionGraph, type Node } from "@viscera/numerics";
import { type PharmacologyModel, TIME } from "./model.js";

export interface DoseProperties {
  bioavailability: number;
  lag: number;
  infusionRate: number | null;
  infusionDuration: number | null;
}

/** What the model says of doses and initial values, for given parameters. */
export class DosePropertyTable {
  readonly #graph = new ExpressionGraph();
  readonly #index: ReadonlyMap<string, number>;
  readonly #initial: Node[];
  readonly #doses: (Node | null)[][];

  constructor(model: PharmacologyModel) {
    this.#index = new Map(model.parameters.map(({ name }, i) => [name, i]));
    const done = new Map<string, Node>();
    const resolve = (name: string): Node => {
      const definition = model.definitions.get(name);
      if (definition === undefined) return this.#graph.symbol(name);
      const node = done.get(name) ?? this.#graph.add(definition, resolve);
      done.set(name, node);
      return node;
    };
    const add = (expression: Expression | null) =>
      expression === null ? null : this.#graph.add(expression, resolve);
    this.#initial = model.compartments.map(({ initial }) => this.#graph.add(initial, resolve));
    this.#doses = model.compartments.map(({ bioavailability, lag, infusionRate, infusionDuration }) =>
      [bioavailability, lag, infusionRate, infusionDuration].map(add),
    );
  }

  #values(nodes: readonly Node[], parameters: Float64Array, time: number): Float64Array {
    return this.#graph.evaluate(nodes, (name) =>
      name === TIME ? time : (parameters[this.#index.get(name) ?? -1] ?? Number.NaN),
    );
  }

  initialState(parameters: Float64Array, time: number): Float64Array {
    return this.#values(this.#initial, parameters, time);
  }

  of(compartment: number, parameters: Float64Array, time: number): DoseProperties {
    const nodes = this.#doses[compartment]!;
    const values = this.#values(
      nodes.filter((node) => node !== null),
      parameters,
      time,
    );
    let next = 0;
    const [bioavailability, lag, infusionRate, infusionDuration] = nodes.map((node) =>
      node === null ? null : values[next++]!,
    );
    return {
      bioavailability: bioavailability!,
      lag: lag!,
      infusionRate: infusionRate!,
      infusionDuration: infusionDuration!,
    };
  }
}
