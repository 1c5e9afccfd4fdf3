/** Many subjects of one linear system that go through the same steps, exactly. */
import { failedError, inputError } from "@viscera/core";
import {
  COURSE_STEP,
  LINEAR_COURSE_RESERVED,
  type LinearCourseKernel,
  linearCourseKernel,
} from "@viscera/kernels";
import {
  type CompiledSystem,
  compileSystem,
  instantiateSystem,
  type SystemExports,
} from "../compile/compile-system.js";
import { buildEquationGraph, type EquationSystem } from "../compile/equations.js";
import { Differentiator, isAffine } from "../expression/index.js";
import { isLinear } from "../ode/exact-linear.js";

/** What happens to every subject, in order. `input` numbers a value that each subject has of its own. */
export type LinearStep =
  | { kind: "go"; span: number }
  | { kind: "add" | "set"; state: number; input: number }
  | { kind: "output" };

export interface LinearSubject {
  parameters: ArrayLike<number>;
  state: ArrayLike<number>;
  inputs: ArrayLike<number>;
}

const PAGE_BYTES = 65536;
/** Spans that differ by less than this share of the longest are one: what rounding of times leaves. */
const SAME_SPAN = 2 ** -40;

/** Where things of a pair lie in the memory, in bytes. */
interface Places {
  matrix: number;
  shift: number;
  decay: number;
  work: number;
  powers: number;
  state: number;
  spare: number;
  inputs: number;
  rows: number;
  found: number;
  steps: number;
  end: number;
}

/**
 * One matrix exponential a subject and length of step, then matrix times vector; two subjects share an instruction. The
 * system's matrix may depend on parameters in any way; outputs are affine in the states, or are evaluated one by one.
 */
export class LinearPopulation {
  readonly #compiled: CompiledSystem<null>;
  readonly #functions: SystemExports;
  readonly #kernel: LinearCourseKernel;
  readonly #size: number;
  /** The rates have a part without any state: one more state, always 1, carries it. */
  readonly #affine: boolean;
  /** Outputs are rows times the state. */
  readonly #direct: boolean;
  readonly #spans: number[];
  readonly #steps: number;
  /** When outputs are asked for. */
  readonly #times: number[];
  readonly #places: Places;
  readonly #numbers: Float64Array;

  private constructor(
    compiled: CompiledSystem<null>,
    memory: WebAssembly.Memory,
    kernel: LinearCourseKernel,
    steps: readonly LinearStep[],
    from: number,
  ) {
    const { system, equations } = compiled;
    this.#compiled = compiled;
    this.#kernel = kernel;
    this.#functions = instantiateSystem(compiled, memory);
    this.#affine = !homogeneous(system);
    this.#size = system.states.length + (this.#affine ? 1 : 0);
    const { graph, outputs } = equations;
    const byTime = new Differentiator(graph, [system.time]);
    const timeless = outputs.every((node) => byTime.dependence(node).length === 0);
    this.#direct = timeless && isAffine(graph, outputs, system.states);
    const { spans, numbers } = encode(steps);
    this.#spans = spans;
    this.#steps = steps.length;
    this.#times = outputTimes(steps, from);
    const inputs = steps.reduce((most, step) => ("input" in step ? Math.max(most, step.input + 1) : most), 0);
    this.#places = this.#layOut(inputs);
    const missing = Math.ceil((this.#places.end - memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) memory.grow(missing);
    this.#numbers = new Float64Array(memory.buffer);
    new Int32Array(memory.buffer).set(numbers, this.#places.steps / 4);
  }

  /**
   * For subjects that all go through `steps`, from a time on. Throws `input.not-linear` where rates are not linear in the states or
   * depend on the time.
   */
  static async create(
    system: EquationSystem,
    steps: readonly LinearStep[],
    from = 0,
  ): Promise<LinearPopulation> {
    if (!isLinear(system)) {
      throw inputError(
        "not-linear",
        "Exact propagation needs rates that are linear in the states and free of the time.",
        "Choose another solver.",
      );
    }
    const compiled = await compileSystem(system, () => null, { lanes: 2 });
    const memory = new WebAssembly.Memory({
      initial: Math.ceil((LINEAR_COURSE_RESERVED + 16 * compiled.slots) / PAGE_BYTES),
    });
    return new LinearPopulation(compiled, memory, await linearCourseKernel(memory), steps, from);
  }

  /** Numbers that a subject's course gives: all of the system's outputs at each step that asks for them. */
  get outputsLength(): number {
    return this.#times.length * this.#compiled.equations.outputs.length;
  }

  #layOut(inputs: number): Places {
    const n = this.#size;
    let next = LINEAR_COURSE_RESERVED + 16 * this.#compiled.slots;
    const room = (pairs: number) => {
      const at = next;
      next += 16 * pairs;
      return at;
    };
    const rowsCount = this.#direct ? this.#compiled.equations.outputs.length : n;
    return {
      matrix: room(n * n),
      shift: room(1),
      decay: room(1),
      work: room(this.#kernel.workBytes(n) / 16),
      powers: room(this.#spans.length * n * n),
      state: room(n),
      spare: room(n),
      inputs: room(inputs),
      rows: room(rowsCount * (n + 1)),
      found: room(rowsCount * this.#times.length),
      steps: room(Math.ceil((12 * this.#steps) / 16)),
      end: next,
    };
  }

  #place(at: number, lane: number, values: ArrayLike<number>): void {
    const start = at / 8 + lane;
    for (let i = 0; i < values.length; i++) this.#numbers[start + 2 * i] = values[i]!;
  }

  /** Bytes at which a region of the compiled system lies. */
  #region({ start }: { start: number }): number {
    return LINEAR_COURSE_RESERVED + 16 * start;
  }

  /**
   * Runs two subjects; `to` gets `outputsLength` numbers of each. Throws `failed.not-finite` where a subject's rates
   * are not finite numbers.
   */
  run(subjects: readonly [LinearSubject, LinearSubject], to: readonly [Float64Array, Float64Array]): void {
    const { regions } = this.#compiled;
    for (const lane of [0, 1] as const) {
      const { parameters, state, inputs } = subjects[lane];
      this.#place(this.#region(regions.parameters), lane, parameters);
      this.#place(this.#places.state, lane, state);
      if (this.#affine) this.#place(this.#places.state + 16 * (this.#size - 1), lane, [1]);
      this.#place(this.#places.inputs, lane, inputs);
    }
    this.#functions.prepare(LINEAR_COURSE_RESERVED);
    this.#fillMatrix();
    this.#exponentials();
    this.#fillRows();
    const { steps, state, spare, powers, inputs, rows, found } = this.#places;
    const n = this.#size;
    const outputs = this.#compiled.equations.outputs.length;
    const count = this.#direct ? outputs : n;
    this.#kernel.course(steps, this.#steps, n, state, spare, powers, inputs, rows, count, found);
    if (!this.#direct) {
      this.#evaluateOutputs(to);
      return;
    }
    const numbers = this.#numbers;
    for (let i = 0, at = found / 8; i < this.#times.length * outputs; i++, at += 2) {
      to[0][i] = numbers[at]!;
      to[1][i] = numbers[at + 1]!;
    }
  }

  #fillMatrix(): void {
    const { regions, equations } = this.#compiled;
    const numbers = this.#numbers;
    const n = this.#size;
    const states = this.#region(regions.states) / 8;
    numbers.fill(0, states, states + 2 * this.#compiled.system.states.length);
    this.#functions.linearise(LINEAR_COURSE_RESERVED);
    const at = this.#places.matrix / 8;
    numbers.fill(0, at, at + 2 * n * n);
    const from = this.#region(regions.jacobian) / 8;
    for (let k = 0; k < equations.jacobian.length; k++) {
      const { row, column } = equations.jacobian[k]!;
      const to = at + 2 * (row * n + column);
      numbers[to] = numbers[from + 2 * k]!;
      numbers[to + 1] = numbers[from + 2 * k + 1]!;
    }
    if (!this.#affine) return;
    const rates = this.#region(regions.rates) / 8;
    for (let i = 0; i < n - 1; i++) {
      const to = at + 2 * (i * n + n - 1);
      numbers[to] = numbers[rates + 2 * i]!;
      numbers[to + 1] = numbers[rates + 2 * i + 1]!;
    }
  }

  #exponentials(): void {
    const n = this.#size;
    const { matrix, shift, decay, work, powers } = this.#places;
    for (let k = 0; k < this.#spans.length; k++) {
      const span = this.#spans[k]!;
      const squarings = this.#kernel.shiftOf(matrix, n, span, shift);
      if (squarings < 0) {
        throw failedError(
          "not-finite",
          "The rates of a subject are not finite numbers.",
          "Check the parameters: a division by zero, or values out of all proportion.",
        );
      }
      for (let lane = 0; lane < 2; lane++) {
        this.#numbers[decay / 8 + lane] = Math.exp(-this.#numbers[shift / 8 + lane]!);
      }
      const scale = span / 2 ** squarings;
      this.#kernel.exponential(matrix, n, squarings, shift, decay, scale, powers + 16 * k * n * n, work);
    }
  }

  /** Of affine outputs: their values at 0 and at unit vectors. Otherwise the states themselves are given. */
  #fillRows(): void {
    const n = this.#size;
    const numbers = this.#numbers;
    const at = this.#places.rows / 8;
    if (!this.#direct) {
      numbers.fill(0, at, at + 2 * n * (n + 1));
      for (let i = 0; i < n; i++) numbers.fill(1, at + 2 * (i * (n + 1) + i), at + 2 * (i * (n + 1) + i) + 2);
      return;
    }
    const { regions, equations } = this.#compiled;
    const states = this.#compiled.system.states.length;
    const x = this.#region(regions.states) / 8;
    const y = this.#region(regions.outputs) / 8;
    const count = equations.outputs.length;
    const width = 2 * (n + 1);
    this.#functions.observe(LINEAR_COURSE_RESERVED);
    for (let o = 0; o < count; o++) {
      numbers.fill(0, at + o * width, at + (o + 1) * width);
      for (let lane = 0; lane < 2; lane++)
        numbers[at + o * width + 2 * n + lane] = numbers[y + 2 * o + lane]!;
    }
    for (let i = 0; i < states; i++) {
      numbers.fill(1, x + 2 * i, x + 2 * i + 2);
      this.#functions.observe(LINEAR_COURSE_RESERVED);
      numbers.fill(0, x + 2 * i, x + 2 * i + 2);
      for (let o = 0; o < count; o++) {
        const row = at + o * width;
        for (let lane = 0; lane < 2; lane++) {
          numbers[row + 2 * i + lane] = numbers[y + 2 * o + lane]! - numbers[row + 2 * n + lane]!;
        }
      }
    }
  }

  #evaluateOutputs(to: readonly [Float64Array, Float64Array]): void {
    const { regions, equations, system } = this.#compiled;
    const numbers = this.#numbers;
    const n = this.#size;
    const x = this.#region(regions.states) / 8;
    const y = this.#region(regions.outputs) / 8;
    const count = equations.outputs.length;
    const time = this.#region(regions.time) / 8;
    const found = this.#places.found / 8;
    for (let k = 0; k < this.#times.length; k++) {
      const at = found + 2 * k * n;
      numbers.fill(this.#times[k]!, time, time + 2);
      numbers.copyWithin(x, at, at + 2 * system.states.length);
      this.#functions.observe(LINEAR_COURSE_RESERVED);
      for (let o = 0; o < count; o++) {
        to[0][k * count + o] = numbers[y + 2 * o]!;
        to[1][k * count + o] = numbers[y + 2 * o + 1]!;
      }
    }
  }
}

function outputTimes(steps: readonly LinearStep[], from: number): number[] {
  let time = from;
  const times: number[] = [];
  for (const step of steps) {
    if (step.kind === "go") time += step.span;
    else if (step.kind === "output") times.push(time);
  }
  return times;
}

/** Lengths of steps that differ; each costs every subject an exponential. */
export const spansOf = (steps: readonly LinearStep[]): readonly number[] => encode(steps).spans;

/** Steps as the kernel reads them, and the spans that differ. */
function encode(steps: readonly LinearStep[]): { spans: number[]; numbers: Int32Array } {
  const longest = steps.reduce((most, step) => (step.kind === "go" ? Math.max(most, step.span) : most), 0);
  const spans: number[] = [];
  const known = new Map<number, number>();
  const numbers = new Int32Array(3 * steps.length);
  for (const [s, step] of steps.entries()) {
    let at = 0;
    if (step.kind === "go") {
      const key = Math.round(step.span / (longest * SAME_SPAN || 1));
      at = known.get(key) ?? spans.push(step.span) - 1;
      known.set(key, at);
    }
    const [i, v] = step.kind === "go" ? [at, 0] : step.kind === "output" ? [0, 0] : [step.state, step.input];
    numbers.set([COURSE_STEP[step.kind], i, v], 3 * s);
  }
  return { spans, numbers };
}

/** Whether the rates are 0 where all states are, whatever the parameters: by structure. */
function homogeneous(system: EquationSystem): boolean {
  const zero = { kind: "number", value: 0 } as const;
  const atZero = buildEquationGraph({
    ...system,
    states: [],
    equations: system.equations,
    outputs: [],
    definitions: new Map([
      ...(system.definitions ?? []),
      ...system.states.map((name) => [name, zero] as const),
    ]),
  });
  return atZero.equations.every((node) => atZero.graph.constant(node) === 0);
}
