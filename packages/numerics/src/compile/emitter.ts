/**
 * Nodes of an expression graph as WebAssembly instructions. Parts used more than once are kept in locals; both
 * branches of a `select` are computed, which costs nothing but time for no operator has an effect.
 */
import { applyOperator, type ExpressionGraph, type Node, type Operator } from "../expression/index.js";
import { type CodeWriter, type Index, isNative } from "../wasm/code-writer.js";
import type { ModuleWriter } from "../wasm/module-writer.js";

/** Operators that the processor lacks: functions of the host, the very ones of the interpreter. */
const HOST_OPERATORS: readonly Operator[] = [
  "exp",
  "ln",
  "pow",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "factorial",
  "rem",
  "history",
  "historyRate",
];
const TWO_ARGUMENTS: ReadonlySet<Operator> = new Set(["pow", "rem", "history", "historyRate"]);
const COMPARISONS: ReadonlySet<string> = new Set(["lt", "le", "eq"]);
const LOGIC: ReadonlySet<string> = new Set(["and", "or", "xor"]);

/** An expression nested deeper than this goes through a local, so that neither compiler runs out of stack. */
const DEEPEST = 60;

/** What recorded quantities were, by their numbers. */
export interface HistoryLookup {
  valueAt(quantity: number, time: number): number;
  rateAt(quantity: number, time: number): number;
}

export type HostFunctions = ReadonlyMap<Operator, Index>;

/** Declares the host's functions that the graph needs, and those that solvers use. */
export function importHostFunctions(module: ModuleWriter, graph: ExpressionGraph): HostFunctions {
  const used = new Set<Operator>(["pow"]);
  for (let node = 0; node < graph.length; node++) {
    const content = graph.content(node);
    if (content.kind === "call") used.add(content.operator);
  }
  const functions = new Map<Operator, Index>();
  for (const operator of HOST_OPERATORS) {
    if (!used.has(operator)) continue;
    const parameters = TWO_ARGUMENTS.has(operator) ? (["f64", "f64"] as const) : (["f64"] as const);
    functions.set(operator, module.import(operator, { parameters, results: ["f64"] }));
  }
  return functions;
}

/** Engines call these very functions without a way through JavaScript. */
const DIRECT: Readonly<Partial<Record<Operator, (a: number, b: number) => number>>> = {
  exp: Math.exp,
  ln: Math.log,
  pow: Math.pow,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
};

/** What an instance has to be given for `importHostFunctions`. */
export function hostFunctions(history?: HistoryLookup): Record<string, (a: number, b: number) => number> {
  const functions = Object.fromEntries(
    HOST_OPERATORS.map((operator) => [
      operator,
      DIRECT[operator] ?? ((a: number, b: number) => applyOperator(operator, a, b)),
    ]),
  );
  if (!history) return functions;
  return {
    ...functions,
    history: (quantity, time) => history.valueAt(quantity, time),
    historyRate: (quantity, time) => history.rateAt(quantity, time),
  };
}

export interface EmitterOptions {
  graph: ExpressionGraph;
  host: HostFunctions;
  /** Slot where a node's value lies already (symbols, values computed before), or undefined. */
  slotOf: (node: Node) => number | undefined;
  /** Locals that hold nodes' values already. */
  locals?: ReadonlyMap<Node, Index>;
}

/** Writes the functions `(base: i32) => void` that compute nodes into slots of `8 * lanes` bytes from `base` on. */
export class Emitter {
  readonly code: CodeWriter;
  readonly #options: EmitterOptions;
  readonly #stride: number;
  /** Local 0: byte address of slot 0. */
  readonly #base: Index = 0;
  readonly #locals: Map<Node, Index>;

  constructor(code: CodeWriter, options: EmitterOptions) {
    this.code = code;
    this.#options = options;
    this.#stride = 8 * code.lanes;
    this.#locals = new Map(options.locals);
  }

  /** Computes every node and stores it in its slot. */
  store(targets: readonly { node: Node; slot: number }[]): void {
    this.#prepare(targets.map(({ node }) => node));
    for (const { node, slot } of targets) {
      this.code.get(this.#base);
      this.#value(node);
      this.code.store(slot * this.#stride);
    }
  }

  /** Computes every node into a local. */
  compute(nodes: readonly Node[]): Index[] {
    this.#prepare(nodes);
    return nodes.map((node) => {
      const local = this.code.local();
      this.#value(node);
      this.code.set(local);
      return local;
    });
  }

  /** Computes what several places of the nodes need. */
  #prepare(roots: readonly Node[]): void {
    const { graph, slotOf } = this.#options;
    const inner = (node: Node): readonly Node[] => {
      const content = graph.content(node);
      return content.kind === "call" && slotOf(node) === undefined ? content.operands : [];
    };
    const uses = new Map<Node, number>();
    const pending = [...roots];
    for (const node of roots) uses.set(node, (uses.get(node) ?? 0) + 1);
    const visited = new Set<Node>();
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (visited.has(node)) continue;
      visited.add(node);
      for (const operand of inner(node)) {
        uses.set(operand, (uses.get(operand) ?? 0) + 1);
        pending.push(operand);
      }
    }
    // Numbered in the order they were made: operands before what uses them.
    const depth = new Map<Node, number>();
    for (const node of [...visited].sort((a, b) => a - b)) {
      const operands = inner(node);
      if (operands.length === 0) continue;
      const deep = 1 + Math.max(...operands.map((operand) => depth.get(operand) ?? 0));
      if (uses.get(node)! > 1 || deep > DEEPEST) {
        this.#value(node);
        const local = this.code.local();
        this.code.set(local);
        this.#locals.set(node, local);
        depth.set(node, 0);
      } else depth.set(node, deep);
    }
  }

  /** Pushes a node's value. */
  #value(node: Node): void {
    const { graph, slotOf } = this.#options;
    const { code } = this;
    const local = this.#locals.get(node);
    const slot = slotOf(node);
    const content = graph.content(node);
    if (local !== undefined) code.get(local);
    else if (slot !== undefined) {
      code.get(this.#base);
      code.load(slot * this.#stride);
    } else if (content.kind === "number") code.constant(content.value);
    else if (content.kind === "symbol") throw new Error(`the symbol ${content.name} has no slot`);
    else this.#call(node, content.operator, content.operands);
  }

  #call(node: Node, operator: Operator, operands: readonly Node[]): void {
    const { code } = this;
    if (isNative(operator) && !COMPARISONS.has(operator)) {
      for (const operand of operands) this.#value(operand);
      code.native(operator);
    } else if (operator === "select") {
      this.#value(operands[1]!);
      this.#value(operands[2]!);
      this.#condition(operands[0]!);
      code.select();
    } else if (COMPARISONS.has(operator) || LOGIC.has(operator) || operator === "not") {
      this.#condition(node);
      code.conditionToValue();
    } else this.#callHost(operator, operands);
  }

  /** Pushes a condition: an i32 in one lane, a mask in two. */
  #condition(node: Node): void {
    const content = this.#options.graph.content(node);
    const { code } = this;
    const known = this.#locals.has(node) || this.#options.slotOf(node) !== undefined;
    const operator = content.kind === "call" && !known ? content.operator : null;
    const [a, b] = content.kind === "call" ? (content.operands as [Node, Node]) : [node, node];
    if (operator !== null && COMPARISONS.has(operator)) {
      this.#value(a);
      this.#value(b);
      code.native(operator as "lt");
    } else if (operator !== null && LOGIC.has(operator)) {
      this.#condition(a);
      this.#condition(b);
      code.logic(operator as "and");
    } else if (operator === "not") {
      this.#condition(a);
      code.not();
    } else {
      // Any number but 0 is true, NaN too.
      this.#value(node);
      code.constant(0);
      code.native("eq");
      code.not();
    }
  }

  #callHost(operator: Operator, operands: readonly Node[]): void {
    const { code } = this;
    const index = this.#options.host.get(operator)!;
    if (code.lanes === 1) {
      for (const operand of operands) this.#value(operand);
      code.call(index);
      return;
    }
    const locals = operands.map((operand) => {
      this.#value(operand);
      const local = code.local();
      code.set(local);
      return local;
    });
    code.constant(0);
    for (const lane of [0, 1] as const) {
      for (const local of locals) {
        code.get(local);
        code.extract(lane);
      }
      code.call(index);
      code.replace(lane);
    }
  }
}
