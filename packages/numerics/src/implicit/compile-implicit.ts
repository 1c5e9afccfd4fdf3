/**
 * An implicit system as WebAssembly: residuals, Jacobian and LU factors as straight code, split by what changes
 * during a run (`prepare`), a step (`advance`) and an iteration (`residual`, `correct`).
 */
import { inputError } from "@viscera/core";
import { emitPieces } from "../compile/emit-lu.js";
import { Emitter, hostFunctions, importHostFunctions } from "../compile/emitter.js";
import { Layout, type Region } from "../compile/layout.js";
import type { Node } from "../expression/index.js";
import { CodeWriter, type Index, isNative } from "../wasm/code-writer.js";
import { ModuleWriter } from "../wasm/module-writer.js";
import { type GivenValue, LEVELS, LevelledLuEmitter } from "./emit-levelled-lu.js";
import { emitBlend, emitConverged, emitStart, emitUpdate } from "./emit-vectors.js";
import {
  buildImplicitGraph,
  CONSTANT,
  type ImplicitGraph,
  type ImplicitSystem,
  RATE_WEIGHT,
  SOLVED,
  TIMED,
  VALUE_WEIGHT,
} from "./implicit-system.js";
import { type LevelledLuPlan, planLevelledLu } from "./levelled-lu.js";

/** Where things lie in an instance's memory, in numbers of 8 bytes. */
export interface ImplicitRegions {
  parameters: Region;
  /** RATE_WEIGHT, VALUE_WEIGHT. */
  weights: Region;
  /** Shares of the new state at the point of evaluation: of y, of dy/dt; the first guess of dy/dt by the old. */
  shares: Region;
  /** What a correction of dy/dt changes y by. */
  correction: Region;
  inputs: Region;
  oldValues: Region;
  oldRates: Region;
  values: Region;
  rates: Region;
  /** The point of evaluation. */
  midValues: Region;
  midRates: Region;
  residual: Region;
  /** Largest absolute residual that ends the iterations, and whether each lane of pairs is below it. */
  tolerance: Region;
  converged: Region;
  change: Region;
}

export interface CompiledImplicit {
  system: ImplicitSystem;
  built: ImplicitGraph;
  plan: LevelledLuPlan;
  regions: ImplicitRegions;
  /** Numbers (of 8 bytes) that an instance takes. */
  slots: number;
  module: WebAssembly.Module;
  /** Multiplications of factorising once a run, a step, an iteration. */
  products: readonly [number, number, number];
}

export interface ImplicitExports {
  prepare(base: number): void;
  advance(base: number): void;
  residual(base: number): void;
  correct(base: number): void;
}

/** Values at which pivots are chosen. */
export interface ImplicitSample {
  parameters: ArrayLike<number>;
  inputs: ArrayLike<number>;
  values: ArrayLike<number>;
  rates: ArrayLike<number>;
  rateWeight: number;
  valueWeight: number;
}

/** Results stored by one function; more are dealt out to several. */
const TARGETS_A_PIECE = 200;

/** The value of every symbol at a sample. */
export function sampleLookUp(system: ImplicitSystem, sample: ImplicitSample): (name: string) => number {
  const { laggedOf } = system;
  const values = new Map<string, number>([
    ...system.unknowns.flatMap((name, i): [string, number][] =>
      laggedOf ? [[laggedOf(name), sample.values[i]!]] : [],
    ),
    [RATE_WEIGHT, sample.rateWeight],
    [VALUE_WEIGHT, sample.valueWeight],
    ...system.parameters.map((name, i): [string, number] => [name, sample.parameters[i]!]),
    ...system.inputs.map((name, i): [string, number] => [name, sample.inputs[i]!]),
    ...system.unknowns.map((name, i): [string, number] => [name, sample.values[i]!]),
    ...system.unknowns.map((name, i): [string, number] => [system.rateOf(name), sample.rates[i]!]),
  ]);
  return (name) => values.get(name)!;
}

/**
 * Compiles a system; pivots are chosen at `sample`. Throws `input.unknown-symbol`, `input.equations` and
 * `input.singular-system`, naming an unknown that the equations do not determine.
 */
export async function compileImplicit(
  system: ImplicitSystem,
  sample: ImplicitSample,
): Promise<CompiledImplicit> {
  const built = buildImplicitGraph(system);
  const { graph, jacobian, level } = built;
  const size = system.unknowns.length;
  const sampled = graph.evaluate(
    jacobian.map(({ node }) => node),
    sampleLookUp(system, sample),
  );
  const plan = planLevelledLu(
    size,
    jacobian.map(({ row, column, node }, i) => ({ row, column, level: level(node), value: sampled[i]! })),
  );
  if ("singular" in plan) {
    throw inputError(
      "singular-system",
      `The equations do not determine "${system.unknowns[plan.singular]}": the system is singular.`,
      "Check what is connected there, its boundary conditions and parameters.",
    );
  }
  const layout = new Layout();
  const padded = size + (size % 2);
  // Vectors that pairs of lanes run over come first, so that they are aligned.
  const regions: ImplicitRegions = {
    oldValues: layout.region(padded),
    oldRates: layout.region(padded),
    values: layout.region(padded),
    rates: layout.region(padded),
    midValues: layout.region(padded),
    midRates: layout.region(padded),
    residual: layout.region(padded),
    converged: layout.region(2),
    change: layout.region(padded),
    weights: layout.region(2),
    shares: layout.region(3),
    correction: layout.region(1),
    tolerance: layout.region(1),
    parameters: layout.region(system.parameters.length),
    inputs: layout.region(system.inputs.length),
  };
  const module = new ModuleWriter();
  const host = importHostFunctions(module, graph);
  const slots = new Map<Node, number>([
    [graph.symbol(RATE_WEIGHT), regions.weights.start],
    [graph.symbol(VALUE_WEIGHT), regions.weights.start + 1],
    ...system.parameters.map((name, i): [Node, number] => [graph.symbol(name), regions.parameters.start + i]),
    ...system.inputs.map((name, i): [Node, number] => [graph.symbol(name), regions.inputs.start + i]),
    ...system.unknowns.map((name, i): [Node, number] => [graph.symbol(name), regions.midValues.start + i]),
    ...system.unknowns.flatMap((name, i): [Node, number][] =>
      system.laggedOf ? [[graph.symbol(system.laggedOf(name)), regions.midValues.start + i]] : [],
    ),
    ...system.unknowns.map((name, i): [Node, number] => [
      graph.symbol(system.rateOf(name)),
      regions.midRates.start + i,
    ]),
  ]);
  const jacobianNodes = jacobian.map(({ node }) => node);
  const conditions = built.resets.map(({ condition }) => condition);
  const roots = [...built.residuals, ...jacobianNodes, ...conditions];
  const hoisted = hoist(built, roots, jacobianNodes);
  const evaluate = (nodes: readonly Node[], slotFor: (i: number) => number): Index => {
    const known = new Map(slots);
    function* pieces(): Generator<(code: CodeWriter) => void> {
      for (let i = 0; i < nodes.length; i += TARGETS_A_PIECE) {
        const targets = nodes
          .slice(i, i + TARGETS_A_PIECE)
          .map((node, k) => ({ node, slot: slotFor(i + k) }));
        yield (code) => new Emitter(code, { graph, host, slotOf: (node) => known.get(node) }).store(targets);
      }
    }
    return emitPieces(module, 1, ["i32"], pieces());
  };
  const keep = (nodes: readonly Node[]): Index => {
    const region = layout.region(nodes.length);
    const index = evaluate(nodes, (i) => region.start + i);
    for (const [i, node] of nodes.entries()) slots.set(node, region.start + i);
    return index;
  };
  const blend = emitBlend(module, regions, padded);
  const converged = emitConverged(module, regions, padded);
  const start = emitStart(module, regions, padded);
  const constants = keep(hoisted.constant);
  const timed = keep(hoisted.timed);
  const shared = layout.region(hoisted.shared.length);
  const residuals = evaluate([...built.residuals, ...hoisted.shared], (i) =>
    i < size ? regions.residual.start + i : shared.start + i - size,
  );
  for (const [i, node] of hoisted.shared.entries()) slots.set(node, shared.start + i);
  const isChanging = (node: Node) => level(node) === SOLVED && !slots.has(node);
  const changing = keep([...new Set([...jacobianNodes.filter(isChanging), ...conditions])]);
  const givenValue = (index: number): GivenValue => {
    const node = jacobianNodes[index]!;
    const number = graph.constant(node);
    return number === null ? { slot: slots.get(node)!, level: level(node) } : { number };
  };
  const lu = new LevelledLuEmitter(module, layout, plan, givenValue);
  const [factorConstant, factorTimed, factorSolved] = LEVELS.map((l) => lu.emitFactor(l)) as [
    Index,
    Index,
    Index,
  ];
  const solve = lu.emitSolve(regions.residual, regions.change);
  const resetSlots = new Map(
    built.resets.map(({ unknown, condition }) => [unknown, slots.get(condition)!] as const),
  );
  const update = emitUpdate(module, regions, padded, resetSlots);
  const sequence = (exportAs: string, calls: readonly Index[]) => {
    const code = new CodeWriter(1, 1);
    for (const index of calls) {
      code.get(0);
      code.call(index);
    }
    module.define(module.declare({ parameters: ["i32"], results: [] }, exportAs), code.finish());
  };
  sequence("prepare", [constants, factorConstant]);
  sequence("advance", [start, timed, factorTimed]);
  sequence("residual", [blend, residuals, converged]);
  sequence("correct", [changing, factorSolved, solve, update]);
  return {
    system,
    built,
    plan,
    regions,
    slots: layout.length,
    module: await WebAssembly.compile(module.finish()),
    products: [lu.productsOf(CONSTANT), lu.productsOf(TIMED), lu.productsOf(SOLVED)],
  };
}

export function instantiateImplicit(
  { module }: CompiledImplicit,
  memory: WebAssembly.Memory,
): ImplicitExports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, ...hostFunctions() } });
  return exports as unknown as ImplicitExports;
}

/**
 * Nodes that are computed once and used at a higher level: constants, functions of time; and costly functions of
 * the unknowns that residuals and Jacobian share.
 */
function hoist(
  { graph, level }: ImplicitGraph,
  roots: readonly Node[],
  jacobian: readonly Node[],
): { constant: Node[]; timed: Node[]; shared: Node[] } {
  const isCall = (node: Node) => graph.content(node).kind === "call";
  const kept = new Set<Node>(roots.filter((node) => isCall(node) && level(node) < SOLVED));
  for (const node of graph.needed(roots)) {
    const content = graph.content(node);
    if (content.kind !== "call") continue;
    for (const operand of content.operands) {
      if (isCall(operand) && level(operand) < level(node)) kept.add(operand);
    }
  }
  const inOrder = [...kept].sort((a, b) => a - b);
  const inJacobian = new Set(graph.needed(jacobian));
  const shared = graph.needed(roots.filter((root) => !jacobian.includes(root))).filter((node) => {
    const content = graph.content(node);
    if (content.kind !== "call" || level(node) !== SOLVED || !inJacobian.has(node)) return false;
    return !isNative(content.operator) && !["select", "not", "and", "or", "xor"].includes(content.operator);
  });
  return {
    constant: inOrder.filter((node) => level(node) === CONSTANT),
    timed: inOrder.filter((node) => level(node) === TIMED),
    shared,
  };
}
