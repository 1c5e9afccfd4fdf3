import { inputError } from "@viscera/core";
import { buildEquationGraph, type EquationSystem } from "../compile/equations.js";
import { compileEquations, EquationEvaluator } from "../compile/evaluator.js";
import { isAffine } from "../expression/index.js";
import { multiplyVector } from "../linear/dense.js";
import { expm } from "../linear/expm.js";
import type { Integrator, IntegratorStatistics } from "./integrator.js";

/** Whether rates are A x + b with A and b of parameters only. */
export function isLinear(system: EquationSystem): boolean {
  if (system.algebraic?.includes(true)) return false;
  const { graph, equations, timeDerivatives } = buildEquationGraph(system);
  return timeDerivatives === null && isAffine(graph, equations, system.states);
}

/**
 * Linear systems with constant coefficients between stops, exactly: x(t + h) = exp(A h) x(t) + the same of b, by one
 * matrix exponential for each length of step (Higham 2005, see `expm`). Every step goes to its limit.
 */
export class ExactLinear implements Integrator {
  readonly statistics: IntegratorStatistics = { accepted: 0, rejected: 0, pivoted: 0 };
  readonly #evaluator: EquationEvaluator;
  readonly #size: number;
  /** [A b; 0 0]. */
  readonly #matrix: Float64Array;
  #propagators = new Map<number, Float64Array>();
  #time = 0;
  #previousTime = 0;
  #state: Float64Array;
  #before: Float64Array;

  private constructor(evaluator: EquationEvaluator) {
    this.#evaluator = evaluator;
    this.#size = evaluator.system.states.length;
    this.#matrix = new Float64Array((this.#size + 1) ** 2);
    this.#state = new Float64Array(this.#size);
    this.#before = this.#state;
  }

  /** Throws `input.not-linear`. */
  static async create(system: EquationSystem): Promise<ExactLinear> {
    if (!isLinear(system)) {
      throw inputError(
        "not-linear",
        "Exact propagation needs rates that are linear in the states and free of the time.",
        "Choose another solver.",
      );
    }
    return new ExactLinear(new EquationEvaluator(await compileEquations(system)));
  }

  get time(): number {
    return this.#time;
  }

  get previousTime(): number {
    return this.#previousTime;
  }

  state(): Float64Array {
    return this.#state.slice();
  }

  at(time: number): Float64Array {
    return time === this.#time ? this.state() : this.#moved(this.#before, time - this.#previousTime);
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
    if (state) this.#state = Float64Array.from(Array.from(state));
    if (time !== undefined) this.#time = time;
    this.#previousTime = this.#time;
    this.#before = this.#state;
    if (!parameters) return;
    this.#evaluator.setParameters(parameters);
    this.#propagators = new Map();
    const n = this.#size;
    const { rates, jacobian } = this.#evaluator.linearise(this.#time, new Float64Array(n));
    for (let i = 0; i < n; i++) {
      this.#matrix.set(jacobian.subarray(i * n, (i + 1) * n), i * (n + 1));
      this.#matrix[i * (n + 1) + n] = rates[i]!;
    }
  }

  step(limit: number): void {
    this.#before = this.#state;
    this.#previousTime = this.#time;
    this.#state = this.#moved(this.#before, limit - this.#time);
    this.#time = limit;
    this.statistics.accepted++;
  }

  #moved(state: Float64Array, span: number): Float64Array {
    let propagator = this.#propagators.get(span);
    if (propagator === undefined) {
      propagator = expm(
        this.#matrix.map((value) => value * span),
        this.#size + 1,
      );
      if (this.#propagators.size < KEPT) this.#propagators.set(span, propagator);
    }
    const extended = new Float64Array(this.#size + 1);
    extended.set(state);
    extended[this.#size] = 1;
    return multiplyVector(propagator, extended, this.#size + 1).slice(0, this.#size);
  }
}

/** Exponentials kept for steps of the same length. */
const KEPT = 64;
