import { failedError } from "@viscera/core";
import { type CompiledSystem, compileSystem, instantiateSystem } from "../compile/compile-system.js";
import type { EquationSystem } from "../compile/equations.js";
import type { Region } from "../compile/layout.js";
import type { Integrator, IntegratorOptions, IntegratorStatistics } from "./integrator.js";
import { pivotedStep } from "./rodas5p-pivoted.js";
import { addRodas5p, type Rodas5pExports, type Rodas5pRegions } from "./rodas5p-step.js";
import { ORDER } from "./rodas5p-tableau.js";
import { checkStep, firstStep, nextStep } from "./step-control.js";

export type CompiledRodas5p = CompiledSystem<Rodas5pRegions>;

/** Compiles a system for the solver; one compilation serves any number of solvers. */
export function compileRodas5p(system: EquationSystem): Promise<CompiledRodas5p> {
  return compileSystem(system, addRodas5p);
}

const PAGE_BYTES = 65536;
/** Linear equations solved worse than this, relative to their terms, are solved again with pivoting. */
const WORST_RESIDUAL = 1e-8;
/** Accepted steps between two looks at the residual; rejected ones are always looked at. */
const STEPS_A_CHECK = 16;

/**
 * Rodas5P (see rodas5p-tableau.ts) on a compiled system, one subject. Every step is one call into WebAssembly.
 * The factors' order is fixed beforehand; when they turn out inaccurate, the step is done again with pivoting.
 */
export class Rodas5p implements Integrator {
  readonly statistics: IntegratorStatistics = { accepted: 0, rejected: 0, pivoted: 0 };
  readonly #compiled: CompiledRodas5p;
  readonly #functions: Rodas5pExports;
  readonly #memory: Float64Array;
  readonly #size: number;
  readonly #divisor: number;
  readonly #largestStep: number;
  readonly #errorAt: number;
  #time = 0;
  #previousTime = 0;
  /** What the next step should be. */
  #h: number;
  #denseReady = false;
  /** True between a step and its `accept`, which waits for a look at the dense output. */
  #pending = false;
  #sinceCheck = 0;

  constructor(compiled: CompiledRodas5p, options: IntegratorOptions = {}) {
    const { slots, extra, system } = compiled;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * slots) / PAGE_BYTES) });
    this.#compiled = compiled;
    this.#functions = instantiateSystem<Rodas5pExports>(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, slots);
    this.#size = system.states.length;
    // Without states every step is exact.
    this.#divisor = Math.max(1, this.#size);
    this.#h = options.initialStep ?? 0;
    this.#largestStep = options.largestStep ?? Number.POSITIVE_INFINITY;
    this.#errorAt = extra.error.start;
    this.#memory[extra.relative.start] = options.relative ?? 1e-6;
    const { absolute = 1e-9 } = options;
    const tolerances = this.#view(extra.absolute);
    if (typeof absolute === "number") tolerances.fill(absolute);
    else tolerances.set(Array.from(absolute));
    if (extra.mass) {
      this.#view(extra.mass).set(system.states.map((_, i) => (system.algebraic?.[i] ? 0 : 1)));
    }
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
    const { end, start } = this.#compiled.extra;
    return this.#view(this.#pending ? end : start).slice();
  }

  /** Values of the system's outputs at the time reached or, after `at`, at that time. */
  outputs(time: number): Float64Array {
    const { regions } = this.#compiled;
    this.#view(regions.states).set(this.at(time));
    this.#memory[regions.time.start] = time;
    this.#functions.observe(0);
    return this.#view(regions.outputs).slice();
  }

  at(time: number): Float64Array {
    if (time === this.#time) return this.state();
    if (!this.#pending) throw new Error("dense output exists after a step and before the next reset only");
    if (!this.#denseReady) {
      this.#functions.dense(0);
      this.#denseReady = true;
    }
    this.#functions.interpolate(0, (time - this.#previousTime) / (this.#time - this.#previousTime));
    return this.#view(this.#compiled.regions.states).slice();
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
    const current = state ?? this.state();
    this.#view(extra.start).set(Array.from(current));
    if (parameters) this.#view(regions.parameters).set(Array.from(parameters));
    if (time !== undefined) this.#time = time;
    this.#previousTime = this.#time;
    this.#memory[extra.startTime.start] = this.#time;
    this.#pending = false;
    if (parameters) this.#functions.prepare(0);
    this.#functions.begin(0);
    this.#sinceCheck = STEPS_A_CHECK;
  }

  step(limit: number): void {
    const functions = this.#functions;
    if (this.#pending) {
      functions.accept(0, this.#time);
      this.#pending = false;
    }
    if (this.#h <= 0) this.#h = this.#firstStep(limit - this.#time);
    for (;;) {
      const left = limit - this.#time;
      let h = Math.min(this.#h, this.#largestStep);
      // A rest of less than a tenth of a step is taken along; two even steps replace a long and a short one.
      const last = h >= 0.9999999999 * left;
      if (last) h = left;
      else if (h > 0.5 * left) h = 0.5 * left;
      functions.step(0, h);
      let error = Math.sqrt(this.#memory[this.#errorAt]! / this.#divisor);
      const accepted = error <= 1;
      if (!accepted || ++this.#sinceCheck > STEPS_A_CHECK) {
        this.#sinceCheck = 0;
        functions.residual(0, h);
        if (!(this.#memory[this.#compiled.extra.residual.start]! <= WORST_RESIDUAL)) {
          this.#sinceCheck = STEPS_A_CHECK;
          this.statistics.pivoted++;
          error = this.#stepWithPivoting(h);
        }
      }
      const next = nextStep(h, error, ORDER);
      if (error <= 1) {
        this.statistics.accepted++;
        this.#previousTime = this.#time;
        this.#time = last ? limit : this.#time + h;
        // A step cut short by the limit says little about the next one's length.
        this.#h = h < this.#h ? Math.max(this.#h, next) : next;
        this.#pending = true;
        this.#denseReady = false;
        return;
      }
      this.statistics.rejected++;
      this.#h = next;
      checkStep(this.#h, this.#time, this.#worstState());
    }
  }

  #stepWithPivoting(h: number): number {
    pivotedStep(this.#compiled, this.#functions, this.#memory, h);
    return Math.sqrt(this.#memory[this.#errorAt]! / this.#divisor);
  }

  #firstStep(span: number): number {
    const { extra } = this.#compiled;
    const start = this.#view(extra.start);
    const relative = this.#memory[extra.relative.start]!;
    const weights = this.#view(extra.absolute).map(
      (absolute, i) => absolute + relative * Math.abs(start[i]!),
    );
    const rates = this.#view(extra.startRates);
    const bad = rates.findIndex((rate) => !Number.isFinite(rate));
    if (bad >= 0) {
      throw failedError(
        "not-finite",
        `The rate of "${this.#compiled.system.states[bad]}" is ${rates[bad]} at time ${this.#time}.`,
        "Check the initial values and parameters: a division by zero, or the logarithm of a negative number.",
      );
    }
    return firstStep(start, rates, weights, span);
  }

  /** Name of the state with the largest share of the error. */
  #worstState(): string {
    const error = this.#view(this.#compiled.extra.stages.at(-1)!);
    const scale = this.#view(this.#compiled.extra.absolute);
    let worst = 0;
    for (let i = 1; i < this.#size; i++) {
      const share = (k: number) =>
        Math.abs(error[k]!) / (scale[k]! + Math.abs(this.#view(this.#compiled.extra.start)[k]!));
      if (!(share(i) <= share(worst))) worst = i;
    }
    return this.#compiled.system.states[worst]!;
  }
}
