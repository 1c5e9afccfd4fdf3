import { type CompiledSystem, compileSystem, instantiateSystem } from "../compile/compile-system.js";
import type { EquationSystem } from "../compile/equations.js";
import type { Region } from "../compile/layout.js";
import type { Integrator, IntegratorOptions, IntegratorStatistics } from "./integrator.js";
import { pivotedStep } from "./rodas5p-pivoted.js";
import { CONTROL, REACHED, STEPS_A_CHECK, WORST_RESIDUAL } from "./rodas5p-run.js";
import { addRodas5p, type Rodas5pExports, type Rodas5pRegions } from "./rodas5p-step.js";
import { ORDER } from "./rodas5p-tableau.js";
import { checkRates, checkStep, firstStep, nextStep } from "./step-control.js";

export type CompiledRodas5p = CompiledSystem<Rodas5pRegions>;

/** Compiles a system for the solver; one compilation serves any number of solvers. */
export function compileRodas5p(system: EquationSystem): Promise<CompiledRodas5p> {
  return compileSystem(system, addRodas5p);
}

const PAGE_BYTES = 65536;

/**
 * Rodas5P (see rodas5p-tableau.ts) on a compiled system, one subject. Runs of good steps are one call into WebAssembly.
 * The factors' order is fixed beforehand; when they turn out inaccurate, the step is done again with pivoting.
 */
export class Rodas5p implements Integrator {
  readonly statistics: IntegratorStatistics = { accepted: 0, rejected: 0, pivoted: 0 };
  readonly #compiled: CompiledRodas5p;
  readonly #functions: Rodas5pExports;
  readonly #memory: Float64Array;
  readonly #size: number;
  readonly #divisor: number;
  readonly #errorAt: number;
  /** See `CONTROL`. */
  readonly #control: Float64Array;
  readonly #states: Float64Array;
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  #denseReady = false;

  constructor(compiled: CompiledRodas5p, options: IntegratorOptions = {}) {
    const { slots, extra, system } = compiled;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * slots) / PAGE_BYTES) });
    this.#compiled = compiled;
    this.#functions = instantiateSystem<Rodas5pExports>(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, slots);
    this.#size = system.states.length;
    // Without states every step is exact.
    this.#divisor = Math.max(1, this.#size);
    this.#control = this.#view(extra.control);
    this.#states = this.#view(compiled.regions.states);
    this.#start = this.#view(extra.start);
    this.#end = this.#view(extra.end);
    this.#control[CONTROL.next] = options.initialStep ?? 0;
    this.#control[CONTROL.largest] = options.largestStep ?? Number.POSITIVE_INFINITY;
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
    return this.#control[CONTROL.time]!;
  }

  get previousTime(): number {
    return this.#control[CONTROL.previous]!;
  }

  get #pending(): boolean {
    return this.#control[CONTROL.pending] === 1;
  }

  state(): Float64Array {
    return (this.#pending ? this.#end : this.#start).slice();
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
    if (time === this.time) return this.state();
    if (!this.#pending) throw new Error("dense output exists after a step and before the next reset only");
    if (!this.#denseReady) {
      this.#functions.dense(0);
      this.#denseReady = true;
    }
    this.#functions.interpolate(0, (time - this.previousTime) / (this.time - this.previousTime));
    return this.#states.slice();
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
    const control = this.#control;
    if (state) this.#start.set(state);
    else if (this.#pending) this.#start.set(this.#end);
    if (parameters) this.#view(regions.parameters).set(parameters);
    if (time !== undefined) control[CONTROL.time] = time;
    control[CONTROL.previous] = control[CONTROL.time]!;
    this.#memory[extra.startTime.start] = control[CONTROL.time]!;
    control[CONTROL.pending] = 0;
    if (parameters) this.#functions.prepare(0);
    this.#functions.begin(0);
    control[CONTROL.sinceCheck] = STEPS_A_CHECK;
  }

  step(limit: number, until = Number.NEGATIVE_INFINITY): void {
    const control = this.#control;
    if (control[CONTROL.next]! <= 0) {
      this.#acceptPending();
      control[CONTROL.next] = this.#firstStep(limit - this.time);
    }
    for (;;) {
      this.#denseReady = false;
      const outcome = this.#functions.run(0, limit, until);
      this.statistics.accepted = control[CONTROL.accepted]!;
      if (outcome === REACHED || this.#lookCloser(limit)) return;
    }
  }

  #acceptPending(): void {
    if (!this.#pending) return;
    this.#functions.accept(0, this.time);
    this.#control[CONTROL.pending] = 0;
  }

  /** Deals with a tried step that is not plainly good; true when it is accepted in the end. */
  #lookCloser(limit: number): boolean {
    const control = this.#control;
    const h = control[CONTROL.tried]!;
    let error = Math.sqrt(this.#memory[this.#errorAt]! / this.#divisor);
    control[CONTROL.sinceCheck] = 0;
    this.#functions.residual(0, h);
    if (!(this.#memory[this.#compiled.extra.residual.start]! <= WORST_RESIDUAL)) {
      control[CONTROL.sinceCheck] = STEPS_A_CHECK;
      this.statistics.pivoted++;
      error = this.#stepWithPivoting(h);
    }
    const next = nextStep(h, error, ORDER);
    if (error <= 1) {
      this.statistics.accepted = ++control[CONTROL.accepted]!;
      control[CONTROL.previous] = this.time;
      control[CONTROL.time] = control[CONTROL.last] === 1 ? limit : this.time + h;
      control[CONTROL.next] = h < control[CONTROL.next]! ? Math.max(control[CONTROL.next]!, next) : next;
      control[CONTROL.pending] = 1;
      return true;
    }
    this.statistics.rejected++;
    control[CONTROL.next] = next;
    checkStep(next, this.time, this.#worstState());
    return false;
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
    checkRates(rates, this.#compiled.system.states, this.time);
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
