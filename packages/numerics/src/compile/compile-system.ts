/**
 * A system of equations as a WebAssembly module: equations, Jacobian, derivative by time, sparse LU factors and
 * their use, and whatever steps a solver adds. No text is ever turned into code by the host (no `eval`).
 */
import { inputError } from "@viscera/core";
import type { Node } from "../expression/index.js";
import type { CodeWriter, Index } from "../wasm/code-writer.js";
import { ModuleWriter } from "../wasm/module-writer.js";
import { emitFactor, emitPieces, emitSolve, inlineSolve } from "./emit-lu.js";
import { Emitter, hostFunctions, importHostFunctions } from "./emitter.js";
import { buildEquationGraph, type EquationGraph, type EquationSystem } from "./equations.js";
import { hoistedNodes, Layout, type Region } from "./layout.js";
import { type Position, planSparseLu, type SparseLuPlan } from "./sparse-lu.js";

/** Where things lie in an instance's memory. */
export interface SystemRegions {
  /** Time, states: where the equations are evaluated. */
  time: Region;
  states: Region;
  parameters: Region;
  hoisted: Region;
  /** Results of the evaluation. */
  rates: Region;
  jacobian: Region;
  timeDerivatives: Region;
  factors: Region;
  outputs: Region;
}

/** What a solver's own functions are written with. */
export interface StepperContext {
  module: ModuleWriter;
  lanes: 1 | 2;
  size: number;
  algebraic: readonly boolean[];
  layout: Layout;
  regions: SystemRegions;
  dependsOnTime: boolean;
  jacobian: readonly Position[];
  /** Functions of (base: i32) besides `factor` (base, g) and `solve` (base, from, to). */
  functions: { prepare: Index; rates: Index; linearise: Index; factor: Index; solve: Index };
  /** Function of the host: a to the power of b. */
  power: Index;
  /** The same as `rates` and `solve`, written in place on locals; for small systems. */
  inline: {
    rates(code: CodeWriter, states: readonly Index[]): Index[];
    solve(code: CodeWriter, side: readonly Index[]): Index[];
  };
}

export interface CompiledSystem<Extra> {
  system: EquationSystem;
  equations: EquationGraph;
  plan: SparseLuPlan;
  lanes: 1 | 2;
  regions: SystemRegions;
  /** Numbers (of 8 bytes per lane) that an instance takes. */
  slots: number;
  module: WebAssembly.Module;
  extra: Extra;
}

/** Outputs stored by one function; more are dealt out to several. */
const TARGETS_A_PIECE = 200;

/**
 * Compiles a system. `addSteps` writes a solver's own functions. Throws `input.unknown-symbol`,
 * `input.cyclic-definition`, `input.singular-system` when no unknown can be found from some equation.
 */
export async function compileSystem<Extra>(
  system: EquationSystem,
  addSteps: (context: StepperContext) => Extra,
  { lanes = 1 }: { lanes?: 1 | 2 } = {},
): Promise<CompiledSystem<Extra>> {
  const equations = buildEquationGraph(system);
  const { graph } = equations;
  const size = system.states.length;
  const algebraic = system.states.map((_, i) => system.algebraic?.[i] === true);
  const jacobian: Position[] = equations.jacobian.map(({ row, column }) => ({ row, column }));
  const diagonal = system.states.flatMap((_, i) => (algebraic[i] ? [] : [{ row: i, column: i }]));
  const plan = planSparseLu(size, [...jacobian, ...diagonal]);
  if (plan === null) {
    throw inputError(
      "singular-system",
      "The algebraic equations do not determine every unknown.",
      "Check for an equation without unknowns, or an unknown that no equation holds.",
    );
  }
  const layout = new Layout();
  const parameterNames = new Set(system.parameters);
  const allRoots: Node[] = [
    ...equations.equations,
    ...equations.outputs,
    ...jacobian.map((_, i) => equations.jacobian[i]!.node),
    ...(equations.timeDerivatives ?? []),
  ];
  const hoisted = hoistedNodes(graph, allRoots, (name) => parameterNames.has(name));
  const regions: SystemRegions = {
    time: layout.region(1),
    states: layout.region(size),
    parameters: layout.region(system.parameters.length),
    hoisted: layout.region(hoisted.length),
    rates: layout.region(size),
    jacobian: layout.region(jacobian.length),
    timeDerivatives: layout.region(equations.timeDerivatives ? size : 0),
    factors: layout.region(plan.entries.length),
    outputs: layout.region(equations.outputs.length),
  };
  const module = new ModuleWriter();
  const host = importHostFunctions(module, graph);
  const symbolSlots = new Map<Node, number>([
    [graph.symbol(system.time), regions.time.start],
    ...system.states.map((name, i): [Node, number] => [graph.symbol(name), regions.states.start + i]),
    ...system.parameters.map((name, i): [Node, number] => [graph.symbol(name), regions.parameters.start + i]),
  ]);
  const hoistedSlots = new Map(hoisted.map((node, i) => [node, regions.hoisted.start + i]));
  const targetsOf = (nodes: readonly Node[], region: Region) =>
    nodes.map((node, i) => ({ node, slot: region.start + i }));
  const evaluator = (
    targets: readonly { node: Node; slot: number }[],
    slotOf: (node: Node) => number | undefined,
    exportAs: string,
  ): Index => {
    function* pieces(): Generator<(code: CodeWriter) => void> {
      for (let i = 0; i < targets.length; i += TARGETS_A_PIECE) {
        yield (code) =>
          new Emitter(code, { graph, host, slotOf }).store(targets.slice(i, i + TARGETS_A_PIECE));
      }
    }
    return emitPieces(module, lanes, ["i32"], pieces(), exportAs);
  };
  const slotOf = (node: Node) => symbolSlots.get(node) ?? hoistedSlots.get(node);
  const rateTargets = targetsOf(equations.equations, regions.rates);
  const functions = {
    prepare: evaluator(targetsOf(hoisted, regions.hoisted), (node) => symbolSlots.get(node), "prepare"),
    rates: evaluator(rateTargets, slotOf, "rates"),
    linearise: evaluator(
      [
        ...rateTargets,
        ...targetsOf(
          equations.jacobian.map(({ node }) => node),
          regions.jacobian,
        ),
        ...targetsOf(equations.timeDerivatives ?? [], regions.timeDerivatives),
      ],
      slotOf,
      "linearise",
    ),
    factor: emitFactor(module, lanes, plan, jacobian, algebraic, regions),
    solve: emitSolve(module, lanes, plan, regions.factors),
  };
  evaluator(targetsOf(equations.outputs, regions.outputs), slotOf, "observe");
  const extra = addSteps({
    module,
    lanes,
    size,
    algebraic,
    layout,
    regions,
    dependsOnTime: equations.timeDerivatives !== null,
    jacobian,
    functions,
    power: host.get("pow")!,
    inline: {
      rates: (code, states) => {
        const locals = new Map(system.states.map((name, i) => [graph.symbol(name), states[i]!]));
        return new Emitter(code, { graph, host, slotOf, locals }).compute(equations.equations);
      },
      solve: (code, side) => inlineSolve(code, 0, plan, regions.factors, side),
    },
  });
  return {
    system,
    equations,
    plan,
    lanes,
    regions,
    slots: layout.length,
    module: await WebAssembly.compile(module.finish()),
    extra,
  };
}

/** Functions that every instance has. */
export interface SystemExports {
  prepare(base: number): void;
  rates(base: number): void;
  linearise(base: number): void;
  observe(base: number): void;
}

/** Runs a compiled system over a memory of `slots` numbers from `base` on (or several such blocks). */
export function instantiateSystem<Exports extends SystemExports>(
  compiled: CompiledSystem<unknown>,
  memory: WebAssembly.Memory,
): Exports {
  const { exports } = new WebAssembly.Instance(compiled.module, {
    env: { memory, ...hostFunctions(compiled.system.history) },
  });
  return exports as unknown as Exports;
}
