import { inputError } from "@viscera/core";
import {
  type CompiledSystem,
  compileSystem,
  instantiateSystem,
  type StepperContext,
  type SystemExports,
} from "../compile/compile-system.js";
import type { EquationSystem } from "../compile/equations.js";
import type { Region } from "../compile/layout.js";
import { eachElement } from "../compile/vector-code.js";
import { CodeWriter } from "../wasm/code-writer.js";
import { addWeightedSquare } from "./error-norm.js";
import type { Integrator, IntegratorOptions, IntegratorStatistics } from "./integrator.js";
import { checkRates, checkStep, firstStep, nextStep } from "./step-control.js";
import { A, denseWeights, ERROR, ORDER, STAGE_TIMES, STAGES } from "./tsit5-tableau.js";

interface Tsit5Regions {
  /** Time and state at the beginning of the step, and the state at its end. */
  startTime: Region;
  start: Region;
  end: Region;
  stages: readonly Region[];
  absolute: Region;
  relative: Region;
  /** Weighted squares of the error estimate, summed. */
  error: Region;
}

interface Tsit5Exports extends SystemExports {
  begin(base: number): void;
  step(base: number, h: number): void;
  accept(base: number, time: number): void;
}

export type CompiledTsit5 = CompiledSystem<Tsit5Regions>;

/** Compiles a system for the solver. Throws `input.explicit-algebraic` for one with algebraic equations. */
export async function compileTsit5(system: EquationSystem): Promise<CompiledTsit5> {
  if (system.algebraic?.includes(true)) {
    throw inputError(
      "explicit-algebraic",
      "An explicit method cannot solve algebraic equations.",
      "Choose Rodas5P or NDF.",
    );
  }
  return compileSystem(system, addTsit5);
}

const BASE = 0;

function addTsit5({ module, layout, size, regions, functions, lanes }: StepperContext): Tsit5Regions {
  const vector = () => layout.region(size);
  const own: Tsit5Regions = {
    startTime: layout.region(1),
    start: vector(),
    end: vector(),
    stages: Array.from({ length: STAGES }, vector),
    absolute: vector(),
    relative: layout.region(1),
    error: layout.region(1),
  };
  const at = (region: Region) => region.start * 8 * lanes;
  const define = (name: string, hasNumber: boolean, body: (code: CodeWriter) => void) => {
    const parameters = hasNumber ? (["i32", "f64"] as const) : (["i32"] as const);
    const index = module.declare({ parameters, results: [] }, name);
    const code = new CodeWriter(lanes, parameters.length);
    body(code);
    module.define(index, code.finish());
  };
  const evaluate = (code: CodeWriter, into: Region) => {
    code.get(BASE);
    code.call(functions.rates);
    eachElement(code, BASE, size, (x) => x.store(into, () => x.load(regions.rates)));
  };
  define("begin", false, (code) => {
    code.get(BASE);
    code.get(BASE);
    code.load(at(own.startTime));
    code.store(at(regions.time));
    eachElement(code, BASE, size, (x) => x.store(regions.states, () => x.load(own.start)));
    evaluate(code, own.stages[0]!);
  });
  define("accept", true, (code) => {
    code.get(BASE);
    code.get(1);
    code.splat();
    code.store(at(own.startTime));
    eachElement(code, BASE, size, (x) => {
      x.store(own.start, () => x.load(own.end));
      x.store(own.stages[0]!, () => x.load(own.stages[STAGES - 1]!));
    });
  });
  define("step", true, (code) => {
    const h = code.local();
    const ratio = code.local();
    const sum = code.local();
    code.get(1);
    code.splat();
    code.set(h);
    const weighted = (x: Parameters<Parameters<typeof eachElement>[3]>[0], weights: readonly number[]) => {
      code.constant(0);
      for (const [j, weight] of weights.entries()) x.addScaled(own.stages[j]!, weight);
      code.get(h);
      code.native("mul");
    };
    for (let stage = 1; stage < STAGES; stage++) {
      eachElement(code, BASE, size, (x) =>
        x.store(regions.states, () => {
          x.load(own.start);
          weighted(x, A[stage]!);
          code.native("add");
        }),
      );
      code.get(BASE);
      code.get(BASE);
      code.load(at(own.startTime));
      code.get(h);
      code.constant(STAGE_TIMES[stage]!);
      code.native("mul");
      code.native("add");
      code.store(at(regions.time));
      evaluate(code, own.stages[stage]!);
    }
    code.constant(0);
    code.set(sum);
    eachElement(code, BASE, size, (x) => {
      x.store(own.end, () => x.load(regions.states));
      weighted(x, ERROR);
      addWeightedSquare(code, x, BASE, own, ratio, sum);
    });
    code.get(BASE);
    code.get(sum);
    code.store(at(own.error));
  });
  return own;
}

const PAGE_BYTES = 65536;

/** Tsitouras' explicit pair (see tsit5-tableau.ts) on a compiled system: for systems that are not stiff. */
export class Tsit5 implements Integrator {
  readonly statistics: IntegratorStatistics = { accepted: 0, rejected: 0, pivoted: 0 };
  readonly #compiled: CompiledTsit5;
  readonly #functions: Tsit5Exports;
  readonly #memory: Float64Array;
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  readonly #stages: readonly Float64Array[];
  readonly #largestStep: number;
  #time = 0;
  #previousTime = 0;
  /** What the next step should be. */
  #h: number;
  /** True between a step and its `accept`, which waits for a look at the dense output. */
  #pending = false;

  constructor(compiled: CompiledTsit5, options: IntegratorOptions = {}) {
    const { slots, extra } = compiled;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * slots) / PAGE_BYTES) });
    this.#compiled = compiled;
    this.#functions = instantiateSystem<Tsit5Exports>(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, slots);
    this.#start = this.#view(extra.start);
    this.#end = this.#view(extra.end);
    this.#stages = extra.stages.map((stage) => this.#view(stage));
    this.#h = options.initialStep ?? 0;
    this.#largestStep = options.largestStep ?? Number.POSITIVE_INFINITY;
    this.#memory[extra.relative.start] = options.relative ?? 1e-6;
    const { absolute = 1e-9 } = options;
    if (typeof absolute === "number") this.#view(extra.absolute).fill(absolute);
    else this.#view(extra.absolute).set(absolute);
  }

  #view({ start, length }: Region): Float64Array {
    return this.#memory.subarray(start, start + length);
  }

  get time(): number {
    return this.#time;
  }

  get previousTime(): number {
    return this.#previousTime;
  }

  state(): Float64Array {
    return (this.#pending ? this.#end : this.#start).slice();
  }

  at(time: number): Float64Array {
    if (time === this.#time) return this.state();
    if (!this.#pending) throw new Error("dense output exists after a step and before the next reset only");
    const span = this.#time - this.#previousTime;
    const weights = denseWeights((time - this.#previousTime) / span);
    return this.#start.map(
      (value, i) => value + span * this.#stages.reduce((sum, stage, j) => sum + weights[j]! * stage[i]!, 0),
    );
  }

  reset({
    time,
    state,
    parameters,
  }: {
    time?: number;
    state?: ArrayLike<number>;
    parameters?: ArrayLike<number>;
  }): void {
    const { extra, regions } = this.#compiled;
    if (state) this.#start.set(state);
    else if (this.#pending) this.#start.set(this.#end);
    if (time !== undefined) this.#time = time;
    this.#previousTime = this.#time;
    this.#memory[extra.startTime.start] = this.#time;
    this.#pending = false;
    if (parameters) {
      this.#view(regions.parameters).set(parameters);
      this.#functions.prepare(0);
    }
    this.#functions.begin(0);
  }

  step(limit: number): void {
    const { states } = this.#compiled.system;
    const errorAt = this.#compiled.extra.error.start;
    if (this.#pending) {
      this.#functions.accept(0, this.#time);
      this.#pending = false;
    }
    if (this.#h <= 0) this.#h = this.#firstStep(limit - this.#time);
    for (;;) {
      const left = limit - this.#time;
      let h = Math.min(this.#h, this.#largestStep);
      const last = h >= 0.9999999999 * left;
      if (last) h = left;
      else if (h > 0.5 * left) h = 0.5 * left;
      this.#functions.step(0, h);
      const error = Math.sqrt(this.#memory[errorAt]! / Math.max(1, states.length));
      const next = nextStep(h, error, ORDER);
      if (error <= 1) {
        this.statistics.accepted++;
        this.#previousTime = this.#time;
        this.#time = last ? limit : this.#time + h;
        // A step cut short by the limit says little about the next one's length.
        this.#h = h < this.#h ? Math.max(this.#h, next) : next;
        this.#pending = true;
        return;
      }
      this.statistics.rejected++;
      this.#h = next;
      checkStep(next, this.#time, this.#fastest());
    }
  }

  #firstStep(span: number): number {
    const { extra, system } = this.#compiled;
    const relative = this.#memory[extra.relative.start]!;
    const [rates] = this.#stages as [Float64Array];
    const weights = this.#view(extra.absolute).map(
      (absolute, i) => absolute + relative * Math.abs(this.#start[i]!),
    );
    checkRates(rates, system.states, this.#time);
    return firstStep(this.#start, rates, weights, span);
  }

  /** Name of the state that changes most against its size. */
  #fastest(): string {
    const [rates] = this.#stages as [Float64Array];
    const share = (i: number) => Math.abs(rates[i]!) / (Math.abs(this.#start[i]!) + Number.MIN_VALUE);
    let fastest = 0;
    for (let i = 1; i < rates.length; i++) if (!(share(i) <= share(fastest))) fastest = i;
    return this.#compiled.system.states[fastest]!;
  }
}
