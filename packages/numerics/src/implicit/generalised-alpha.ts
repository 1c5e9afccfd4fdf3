/**
 * The generalised-alpha method for first-order implicit systems: Jansen, Whiting & Hulbert, Comput. Methods Appl.
 * Mech. Engrg. 190 (2000) 305, doi:10.1016/S0045-7825(00)00203-6. Equations hold at t + alphaF h, for values
 * y + alphaF (y' - y) and rates dy + alphaM (dy' - dy); Newton's iterations correct the rates.
 */
import { failedError } from "@viscera/core";
import {
  type CompiledImplicit,
  type ImplicitExports,
  type ImplicitSample,
  instantiateImplicit,
} from "./compile-implicit.js";
import type { ImplicitSystem } from "./implicit-system.js";
import { type AlphaFailure, pivotedAlphaStep } from "./pivoted-alpha-step.js";

export interface AlphaWeights {
  /** Shares of the step's end at which rates and values are taken. */
  alphaM: number;
  alphaF: number;
  /** Share of the step that a change of the rates moves the values by. */
  gamma: number;
}

/** Weights by the spectral radius at infinite frequency, 0 (most damping) to 1 (none). */
export function alphaWeights(rhoInfinity: number): AlphaWeights {
  const alphaM = (0.5 * (3 - rhoInfinity)) / (1 + rhoInfinity);
  const alphaF = 1 / (1 + rhoInfinity);
  return { alphaM, alphaF, gamma: 0.5 + alphaM - alphaF };
}

export interface AlphaOptions {
  step: number;
  /** Spectral radius at infinite frequency. */
  rhoInfinity?: number;
  /** Largest absolute residual that ends the iterations. */
  absolute?: number;
  /** Evaluations of the residuals, the last included. */
  iterations?: number;
  /** Fills the values of the system's inputs at a time. */
  inputsAt: (time: number, inputs: Float64Array) => void;
  parameters: ArrayLike<number>;
}

export interface AlphaStatistics {
  steps: number;
  iterations: number;
  /** Steps made again with pivots chosen anew. */
  pivoted: number;
}

const PAGE_BYTES = 65536;
/** Iterations after which pivots chosen at the beginning are no longer trusted. */
const TRUSTED_ITERATIONS = 15;

export class GeneralisedAlpha {
  readonly statistics: AlphaStatistics = { steps: 0, iterations: 0, pivoted: 0 };
  /** Values and rates; changed in place by every step. */
  readonly values: Float64Array;
  readonly rates: Float64Array;
  readonly #compiled: CompiledImplicit;
  readonly #functions: ImplicitExports;
  readonly #memory: Float64Array;
  readonly #inputs: Float64Array;
  readonly #inputsAt: AlphaOptions["inputsAt"];
  readonly #step: number;
  readonly #weights: AlphaWeights;
  readonly #absolute: number;
  readonly #iterations: number;
  readonly #converged: number;

  constructor(compiled: CompiledImplicit, options: AlphaOptions) {
    const { slots, regions, system } = compiled;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * slots) / PAGE_BYTES) });
    this.#compiled = compiled;
    this.#functions = instantiateImplicit(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, slots);
    const view = (start: number, length: number) => this.#memory.subarray(start, start + length);
    const size = system.unknowns.length;
    this.values = view(regions.values.start, size);
    this.rates = view(regions.rates.start, size);
    this.#inputs = view(regions.inputs.start, regions.inputs.length);
    this.#converged = regions.converged.start;
    this.#inputsAt = options.inputsAt;
    this.#step = options.step;
    this.#weights = alphaWeights(options.rhoInfinity ?? 0.5);
    this.#absolute = options.absolute ?? 1e-8;
    this.#iterations = options.iterations ?? 30;
    const { alphaM, alphaF, gamma } = this.#weights;
    const correction = gamma * options.step;
    view(regions.weights.start, 2).set([alphaM, alphaF * correction]);
    view(regions.shares.start, 3).set([alphaF, alphaM, 1 - 1 / gamma]);
    view(regions.correction.start, 1)[0] = correction;
    view(regions.tolerance.start, 1)[0] = this.#absolute;
    view(regions.parameters.start, regions.parameters.length).set(options.parameters);
    this.#functions.prepare(0);
  }

  /** What `compileImplicit` has to know to choose pivots for a run from a state on. */
  static sample(
    system: ImplicitSystem,
    { step, rhoInfinity = 0.5, inputsAt, parameters }: AlphaOptions,
    start: { values: ArrayLike<number>; rates: ArrayLike<number> },
  ): ImplicitSample {
    const { alphaM, alphaF, gamma } = alphaWeights(rhoInfinity);
    const inputs = new Float64Array(system.inputs.length);
    inputsAt(alphaF * step, inputs);
    return { ...start, parameters, inputs, rateWeight: alphaM, valueWeight: alphaF * gamma * step };
  }

  /**
   * One step from a time on. Throws `failed.newton` and `failed.not-finite`, naming the equation and the time,
   * and `failed.singular`.
   */
  advance(time: number): void {
    const functions = this.#functions;
    this.#inputsAt(time + this.#weights.alphaF * this.#step, this.#inputs);
    functions.advance(0);
    this.statistics.steps++;
    for (let i = 0; i < this.#iterations; i++) {
      functions.residual(0);
      if (this.#memory[this.#converged]! + this.#memory[this.#converged + 1]! === 2) return;
      if (i === this.#iterations - 1 || i === TRUSTED_ITERATIONS) break;
      functions.correct(0);
      this.statistics.iterations++;
    }
    this.#advancePivoted(time);
  }

  /** The same step again, from its beginning, with dense factors and pivots by value. */
  #advancePivoted(time: number): void {
    const { regions, system } = this.#compiled;
    const size = system.unknowns.length;
    const view = (start: number, length: number) => this.#memory.subarray(start, start + length);
    this.statistics.pivoted++;
    const outcome = pivotedAlphaStep(this.#compiled, {
      weights: this.#weights,
      step: this.#step,
      absolute: this.#absolute,
      iterations: this.#iterations,
      parameters: view(regions.parameters.start, regions.parameters.length),
      inputs: this.#inputs,
      values: view(regions.oldValues.start, size),
      rates: view(regions.oldRates.start, size),
    });
    this.statistics.iterations += outcome.iterations;
    this.values.set(outcome.values);
    this.rates.set(outcome.rates);
    if (outcome.failure !== null) this.#fail(time, outcome.failure, outcome.residual);
  }

  #fail(time: number, reason: AlphaFailure, residual: Float64Array): never {
    const { system } = this.#compiled;
    const at = `at time ${Number(time.toPrecision(6))}`;
    if (reason === "singular") {
      throw failedError(
        "singular",
        `The equations have no unique solution ${at}.`,
        "Check connections, boundary conditions and parameters that are 0.",
      );
    }
    let worst = 0;
    let largest = -1;
    for (let k = 0; k < system.unknowns.length; k++) {
      const size = Math.abs(residual[k]!);
      if (Number.isNaN(size) || size > largest) {
        worst = k;
        largest = size;
      }
      if (Number.isNaN(size)) break;
    }
    const equation = system.names?.[worst] ?? `equation ${worst + 1}`;
    if (reason === "not-finite") {
      throw failedError(
        "not-finite",
        `A value became infinite or undefined ${at}, in ${equation}.`,
        "Take a smaller time step, and check initial values and parameters for wrong units.",
      );
    }
    throw failedError(
      "newton",
      `Newton's iterations did not converge ${at}: ${equation} is off by ${largest.toExponential(2)} after ${this.#iterations} iterations.`,
      "Take a smaller time step or a larger absolute tolerance, and check the parameters there.",
    );
  }
}
