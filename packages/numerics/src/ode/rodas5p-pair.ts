import { failedError } from "@viscera/core";
import { type CompiledSystem, compileSystem, instantiateSystem } from "../compile/compile-system.js";
import type { EquationSystem } from "../compile/equations.js";
import type { Region } from "../compile/layout.js";
import type { IntegratorOptions, IntegratorStatistics } from "./integrator.js";
import { CONTROL, REACHED, STEPS_A_CHECK, WORST_RESIDUAL } from "./rodas5p-run.js";
import { addRodas5p, type Rodas5pExports, type Rodas5pRegions } from "./rodas5p-step.js";
import { ORDER } from "./rodas5p-tableau.js";
import { checkRates, checkStep, firstStep, nextStep } from "./step-control.js";

export type CompiledRodas5pPair = CompiledSystem<Rodas5pRegions>;

/** Compiles a system for pairs of subjects. */
export function compileRodas5pPair(system: EquationSystem): Promise<CompiledRodas5pPair> {
  return compileSystem(system, addRodas5p, { lanes: 2 });
}

const PAGE_BYTES = 65536;
type Lane = 0 | 1;
const LANES: readonly Lane[] = [0, 1];

/**
 * Rodas5P for two subjects of one system at once, each in a lane of the processor's vectors. Both take the same
 * steps, short enough for either, at the same stops and outputs; what each gets differs from a run of its own within
 * the tolerances.
 */
export class Rodas5pPair {
  readonly statistics: IntegratorStatistics = { accepted: 0, rejected: 0, pivoted: 0 };
  readonly #compiled: CompiledRodas5pPair;
  readonly #functions: Rodas5pExports;
  readonly #memory: Float64Array;
  readonly #size: number;
  readonly #relative: number;
  readonly #absolute: Float64Array;
  #denseReady = false;

  constructor(compiled: CompiledRodas5pPair, options: IntegratorOptions = {}) {
    const { slots, extra, system } = compiled;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((16 * slots) / PAGE_BYTES) });
    this.#compiled = compiled;
    this.#functions = instantiateSystem<Rodas5pExports>(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, 2 * slots);
    this.#size = system.states.length;
    this.#relative = options.relative ?? 1e-6;
    const { absolute = 1e-9 } = options;
    this.#absolute =
      typeof absolute === "number"
        ? new Float64Array(this.#size).fill(absolute)
        : Float64Array.from(Array.from(absolute));
    for (const lane of LANES) {
      this.#put(extra.relative, lane, [this.#relative]);
      this.#put(extra.absolute, lane, this.#absolute);
      if (extra.mass) {
        const mass = system.states.map((_, i) => (system.algebraic?.[i] ? 0 : 1));
        this.#put(extra.mass, lane, mass);
      }
    }
    this.#setControl(CONTROL.next, options.initialStep ?? 0);
    this.#setControl(CONTROL.largest, options.largestStep ?? Number.POSITIVE_INFINITY);
  }

  #put({ start }: Region, lane: Lane, values: ArrayLike<number>): void {
    for (let i = 0; i < values.length; i++) this.#memory[2 * (start + i) + lane] = values[i]!;
  }

  #take({ start, length }: Region, lane: Lane): Float64Array {
    const values = new Float64Array(length);
    for (let i = 0; i < length; i++) values[i] = this.#memory[2 * (start + i) + lane]!;
    return values;
  }

  // The run's own numbers lie in the first lane.
  #control(place: number): number {
    return this.#memory[2 * (this.#compiled.extra.control.start + place)]!;
  }

  #setControl(place: number, value: number): void {
    this.#memory[2 * (this.#compiled.extra.control.start + place)] = value;
  }

  get time(): number {
    return this.#control(CONTROL.time);
  }

  get previousTime(): number {
    return this.#control(CONTROL.previous);
  }

  get #pending(): boolean {
    return this.#control(CONTROL.pending) === 1;
  }

  /** State of one subject at `time`; a copy. */
  state(lane: Lane): Float64Array {
    const { start, end } = this.#compiled.extra;
    return this.#take(this.#pending ? end : start, lane);
  }

  /** States of both at a time within the last step, by its dense output; copies. */
  at(time: number): [Float64Array, Float64Array] {
    if (time === this.time) return [this.state(0), this.state(1)];
    if (!this.#pending) throw new Error("dense output exists after a step and before the next reset only");
    if (!this.#denseReady) {
      this.#functions.dense(0);
      this.#denseReady = true;
    }
    this.#functions.interpolate(0, (time - this.previousTime) / (this.time - this.previousTime));
    const { states } = this.#compiled.regions;
    return [this.#take(states, 0), this.#take(states, 1)];
  }

  /** Goes on from other states or another time, with other parameters; a first step of 0 is chosen anew. */
  reset(change: {
    time?: number;
    initialStep?: number;
    states?: readonly [ArrayLike<number>, ArrayLike<number>];
    parameters?: readonly [ArrayLike<number>, ArrayLike<number>];
  }): void {
    const { extra, regions } = this.#compiled;
    const time = change.time ?? this.time;
    for (const lane of LANES) {
      this.#put(extra.start, lane, change.states?.[lane] ?? this.state(lane));
      if (change.parameters) this.#put(regions.parameters, lane, change.parameters[lane]);
      this.#put(extra.startTime, lane, [time]);
    }
    if (change.initialStep !== undefined) this.#setControl(CONTROL.next, change.initialStep);
    this.#setControl(CONTROL.time, time);
    this.#setControl(CONTROL.previous, time);
    this.#setControl(CONTROL.pending, 0);
    if (change.parameters) this.#functions.prepare(0);
    this.#functions.begin(0);
    this.#setControl(CONTROL.sinceCheck, STEPS_A_CHECK);
  }

  /** As `Integrator.step`. Throws `failed.pair` where a subject's equations need pivoting: it has to go alone. */
  step(limit: number, until = Number.NEGATIVE_INFINITY): void {
    if (this.#control(CONTROL.next) <= 0) this.#setControl(CONTROL.next, this.#firstStep(limit - this.time));
    for (;;) {
      this.#denseReady = false;
      const outcome = this.#functions.run(0, limit, until);
      this.statistics.accepted = this.#control(CONTROL.accepted);
      if (outcome === REACHED) return;
      this.#reject();
    }
  }

  #reject(): void {
    const { extra, system } = this.#compiled;
    const h = this.#control(CONTROL.tried);
    this.#functions.residual(0, h);
    const fine = LANES.every((lane) => this.#memory[2 * extra.residual.start + lane]! <= WORST_RESIDUAL);
    const squares = LANES.map((lane) => this.#memory[2 * extra.error.start + lane]!);
    const error = Math.sqrt(Math.max(...squares) / Math.max(1, this.#size));
    if (!fine || error <= 1) {
      throw failedError(
        "pair",
        `The equations of two subjects cannot be solved together at time ${this.time}.`,
        "Solve each of them alone.",
      );
    }
    this.statistics.rejected++;
    const next = nextStep(h, error, ORDER);
    this.#setControl(CONTROL.sinceCheck, 0);
    this.#setControl(CONTROL.next, next);
    checkStep(next, this.time, system.states[0]!);
  }

  /** The shorter of both subjects' first steps. */
  #firstStep(span: number): number {
    const { extra, system } = this.#compiled;
    if (this.#pending) {
      this.#functions.accept(0, this.time);
      this.#setControl(CONTROL.pending, 0);
    }
    const steps = LANES.map((lane) => {
      const start = this.#take(extra.start, lane);
      const rates = this.#take(extra.startRates, lane);
      checkRates(rates, system.states, this.time);
      const weights = this.#absolute.map((value, i) => value + this.#relative * Math.abs(start[i]!));
      return firstStep(start, rates, weights, span);
    });
    return Math.min(...steps);
  }
}
