/** The equations of a network as one implicit system. */

import type { ImplicitSystem } from "@viscera/numerics";
import { type Expression, number, parseFormula, substitute, symbol } from "@viscera/numerics";
import type { BlockEquations, BlockInputs, BlockSetting } from "./blocks/index.js";
import { zerodError } from "./config.js";
import type { Network, NetworkBlock } from "./network.js";

export interface Assembly {
  system: ImplicitSystem;
  /** In the system's order; those that follow from the start's state are 0 until `setFromStart`. */
  parameters: Float64Array;
  /** Writes the inputs of every block at a time. */
  inputsAt: (time: number, inputs: Float64Array) => void;
  /** Fills in the parameters that follow from a state. */
  setFromStart: (values: ArrayLike<number>, rates: ArrayLike<number>) => void;
  /** Places of pressure and flow at every block's inlets and outlets. */
  ports: ReadonlyMap<string, BlockPorts>;
}

export interface Port {
  flow: number;
  pressure: number;
}
export interface BlockPorts {
  inlets: Port[];
  outlets: Port[];
}

const rateOf = (unknown: string) => `d ${unknown}`;
const laggedOf = (unknown: string) => `lagged ${unknown}`;

/** Formulas of blocks as expressions; most blocks of a network share theirs. */
const parsed = new Map<string, Expression>();

function expressionOf(text: string): Expression {
  const known = parsed.get(text) ?? parseFormula(text);
  parsed.set(text, known);
  return known;
}

/** Throws `input.zerod` where a block needs another one that is missing. */
export function assemble(network: Network, { steady }: { steady: boolean }): Assembly {
  const { unknowns, ports } = numberUnknowns(network);
  const index = new Map(unknowns.map((name, i) => [name, i]));
  const parameterNames: string[] = [];
  const parameterValues: number[] = [];
  const inputNames: string[] = [];
  const inputs: { offset: number; fill: BlockInputs["fill"] }[] = [];
  const residuals: Expression[] = [];
  const names: string[] = [];
  const resets: { unknown: string; condition: Expression }[] = [];
  const late: { block: BlockScope; offset: number; equations: BlockEquations }[] = [];
  const scopes = new Map<string, BlockScope>();
  const addParameter = (name: string, value: number) => {
    parameterNames.push(name);
    parameterValues.push(value);
  };
  for (const block of network.blocks) {
    scopes.set(block.name, new BlockScope(block, ports.get(block.name)!, unknowns));
  }
  for (const scope of scopes.values()) {
    for (const [name, value] of scope.constants()) addParameter(name, value);
  }
  for (const block of network.blocks) {
    const scope = scopes.get(block.name)!;
    const equations = block.type.equations(settingOf(network, block, ports.get(block.name)!, steady));
    if (equations.inputs) {
      inputs.push({ offset: inputNames.length, fill: equations.inputs.fill });
      inputNames.push(...equations.inputs.names.map((name) => scope.qualified(name)));
    }
    if (equations.fromStart) {
      late.push({ block: scope, offset: parameterNames.length, equations });
      for (const name of equations.fromStart.names) addParameter(scope.qualified(name), 0);
    }
    const resolve = scope.resolver(equations, scopes);
    for (const [i, text] of equations.residuals.entries()) {
      residuals.push(substitute(expressionOf(text), resolve));
      names.push(
        `equation ${i + 1} of ${equations.residuals.length} of the ${block.type.type} "${block.name}"`,
      );
    }
    for (const { unknown, condition } of equations.resets ?? []) {
      resets.push({
        unknown: scope.unknownOf(unknown)!,
        condition: substitute(expressionOf(condition), resolve),
      });
    }
  }
  const parameters = Float64Array.from(parameterValues);
  return {
    system: {
      unknowns,
      rateOf,
      laggedOf,
      parameters: parameterNames,
      inputs: inputNames,
      residuals,
      names,
      resets,
    },
    parameters,
    inputsAt(time, values) {
      for (let i = 0; i < inputs.length; i++) inputs[i]!.fill(time, values, inputs[i]!.offset);
    },
    setFromStart(values, rates) {
      for (const { block, offset, equations } of late) {
        const at = (name: string): number => {
          const own = block.unknownOf(name);
          if (own !== undefined) return values[index.get(own)!]!;
          return rates[index.get(block.unknownOf(name.slice(1))!)!]!;
        };
        parameters.set(equations.fromStart!.values(at), offset);
      }
    },
    ports,
  };
}

/** Flow and pressure of every node, then every block's internal unknowns. */
function numberUnknowns(network: Network): { unknowns: string[]; ports: Map<string, BlockPorts> } {
  const unknowns: string[] = [];
  const ports = new Map<string, BlockPorts>(
    network.blocks.map(({ name }) => [name, { inlets: [], outlets: [] }]),
  );
  for (const [before, behind] of network.connections) {
    const port = { flow: unknowns.length, pressure: unknowns.length + 1 };
    unknowns.push(`flow:${before}:${behind}`, `pressure:${before}:${behind}`);
    ports.get(before)!.outlets.push(port);
    ports.get(behind)!.inlets.push(port);
  }
  for (const { name, type } of network.blocks) {
    unknowns.push(...(type.internal ?? []).map((internal) => `${internal}:${name}`));
  }
  const seen = new Set<string>();
  for (const name of unknowns) {
    if (seen.has(name))
      throw zerodError(`Two connections are called "${name}".`, "Connect two blocks only once.");
    seen.add(name);
  }
  return { unknowns, ports };
}

function settingOf(
  network: Network,
  block: NetworkBlock,
  { inlets, outlets }: BlockPorts,
  steady: boolean,
): BlockSetting {
  return {
    name: block.name,
    inlets: inlets.length,
    outlets: outlets.length,
    periodS: network.periodS,
    steady,
    steadyStart: network.parameters.steadyStart,
    number: (name) => block.numbers.get(name)!,
    list: (name) => block.lists.get(name)!,
    waveform: (name) => block.waveforms.get(name)!,
    activation: () => block.activation!,
  };
}

/** What a block's local names stand for. */
class BlockScope {
  readonly #block: NetworkBlock;
  readonly #unknowns = new Map<string, string>();

  constructor(block: NetworkBlock, { inlets, outlets }: BlockPorts, unknowns: readonly string[]) {
    this.#block = block;
    for (const [ports, suffix] of [
      [inlets, "_in"],
      [outlets, "_out"],
    ] as const) {
      for (const [i, { flow, pressure }] of ports.entries()) {
        for (const end of i === 0 ? [suffix, `${suffix}1`] : [`${suffix}${i + 1}`]) {
          this.#unknowns.set(`Q${end}`, unknowns[flow]!);
          this.#unknowns.set(`P${end}`, unknowns[pressure]!);
        }
      }
    }
    const [only, second] = [...inlets, ...outlets];
    if (only && !second) {
      this.#unknowns.set("Q", unknowns[only.flow]!);
      this.#unknowns.set("P", unknowns[only.pressure]!);
    }
    for (const internal of block.type.internal ?? []) {
      this.#unknowns.set(internal, `${internal}:${block.name}`);
    }
    for (const { name, kind } of block.type.parameters)
      this.#checkList(name, kind, inlets.length, outlets.length);
  }

  #checkList(name: string, kind: string, inlets: number, outlets: number): void {
    if (kind !== "list") return;
    const { type, lists } = this.#block;
    const wanted = type.type === "resistive_junction" ? inlets + outlets : outlets;
    const found = lists.get(name)!.length;
    if (found === wanted) return;
    throw zerodError(
      `"${name}" of "${this.#block.name}" has ${found} values; it needs ${wanted}.`,
      type.type === "resistive_junction"
        ? "Give one for each inlet, then each outlet."
        : "Give one for each outlet.",
    );
  }

  qualified(name: string): string {
    return `${this.#block.name}.${name}`;
  }

  unknownOf(name: string): string | undefined {
    return this.#unknowns.get(name);
  }

  /** Parameters that are not 0, by their full names. */
  *constants(): Generator<[string, number]> {
    for (const [name, value] of this.#block.numbers) if (value !== 0) yield [this.qualified(name), value];
    for (const [name, values] of this.#block.lists) {
      for (const [i, value] of values.entries())
        if (value !== 0) yield [this.qualified(`${name}${i + 1}`), value];
    }
  }

  /** A parameter as an expression: 0 is put in, so that what it multiplies vanishes from the equations. */
  #constant(name: string): Expression | undefined {
    const list = /^(.*?)(\d+)$/.exec(name);
    const value =
      this.#block.numbers.get(name) ??
      (list ? this.#block.lists.get(list[1]!)?.[Number(list[2]) - 1] : undefined);
    if (value === undefined) return undefined;
    return value === 0 ? number(0) : symbol(this.qualified(name));
  }

  #named(name: string): Expression | undefined {
    const unknown = this.#unknowns.get(name);
    if (unknown !== undefined) return symbol(unknown);
    const constant = this.#constant(name);
    if (constant) return constant;
    const rate = name.startsWith("d") ? this.#unknowns.get(name.slice(1)) : undefined;
    return rate === undefined ? undefined : symbol(rateOf(rate));
  }

  resolver(
    { definitions = {}, inputs, fromStart, elsewhere = {} }: BlockEquations,
    scopes: ReadonlyMap<string, BlockScope>,
  ): (name: string) => Expression | undefined {
    const own = new Set([...(inputs?.names ?? []), ...(fromStart?.names ?? [])]);
    const defined = new Map<string, Expression>();
    const resolve = (name: string): Expression | undefined => {
      const local = this.#named(name);
      if (local) return local;
      if (own.has(name)) return symbol(this.qualified(name));
      const foreign = elsewhere[name];
      if (foreign) {
        const other = scopes.get(foreign.block);
        const found = other ? other.#named(foreign.name) : undefined;
        if (!found) {
          throw zerodError(
            `The ${this.#block.type.type} "${this.#block.name}" needs a ClosedLoopHeartAndPulmonary, and there is none.`,
            "Add one under closed_loop_blocks.",
          );
        }
        return foreign.lagged && found.kind === "symbol" ? symbol(laggedOf(found.name)) : found;
      }
      const text = definitions[name];
      if (text === undefined) return undefined;
      const known = defined.get(name) ?? substitute(expressionOf(text), resolve);
      defined.set(name, known);
      return known;
    };
    return resolve;
  }
}
