/**
 * Numerical differentiation formulas of variable order 1 to 5 in quasi-constant steps: Shampine & Reichelt, SIAM
 * J. Sci. Comput. 18 (1997) 1, doi:10.1137/S1064827594276424. For large systems and tight tolerances: one
 * evaluation and one solution a Newton iteration, factors kept as long as the iteration converges.
 */
import {
  type CompiledSystem,
  compileSystem,
  instantiateSystem,
  type StepperContext,
  type SystemExports,
} from "../compile/compile-system.js";
import type { EquationSystem } from "../compile/equations.js";
import type { Region } from "../compile/layout.js";
import { type DenseFactors, factorDense, solveFactored } from "../linear/dense.js";
import { CodeWriter } from "../wasm/code-writer.js";
import type { Integrator, IntegratorOptions, IntegratorStatistics } from "./integrator.js";
import { checkRates, checkStep, firstStep } from "./step-control.js";

interface NdfRegions {
  /** Right-hand side (destroyed by solving) and solution of the linear equations. */
  side: Region;
  solution: Region;
}

interface NdfExports extends SystemExports {
  factor(base: number, g: number): void;
  solve(base: number): void;
}

export type CompiledNdf = CompiledSystem<NdfRegions>;

/** Compiles a system for the solver; one compilation serves any number of solvers. */
export function compileNdf(system: EquationSystem): Promise<CompiledNdf> {
  return compileSystem(system, addNdf);
}

function addNdf({ module, layout, size, functions }: StepperContext): NdfRegions {
  const regions = { side: layout.region(size), solution: layout.region(size) };
  const factor = module.declare({ parameters: ["i32", "f64"], results: [] }, "factor");
  const factorCode = new CodeWriter(1, 2);
  factorCode.get(0);
  factorCode.get(1);
  factorCode.call(functions.factor);
  module.define(factor, factorCode.finish());
  const solve = module.declare({ parameters: ["i32"], results: [] }, "solve");
  const solveCode = new CodeWriter(1, 1);
  solveCode.get(0);
  for (const { start } of [regions.side, regions.solution]) {
    solveCode.get(0);
    solveCode.i32(8 * start);
    solveCode.i32Add();
  }
  solveCode.call(functions.solve);
  module.define(solve, solveCode.finish());
  return regions;
}

const LARGEST_ORDER = 5;
const NEWTON_ITERATIONS = 4;
const LARGEST_GROWTH = 10;
const SMALLEST_SHRINK = 0.2;
const KAPPA = [0, -0.185, -1 / 9, -0.0823, -0.0415, 0];
/** gamma_k = sum of 1/j for j = 1..k. */
const HARMONIC = [0, 1, 3 / 2, 11 / 6, 25 / 12, 137 / 60];
const ALPHA = HARMONIC.map((gamma, k) => (1 - KAPPA[k]!) * gamma);
const ERROR_CONSTANT = HARMONIC.map((gamma, k) => KAPPA[k]! * gamma + 1 / (k + 1));

const PAGE_BYTES = 65536;
/** A first solution worse than this, relative to its terms, makes the factors be found with pivoting. */
const WORST_RESIDUAL = 1e-8;

export class Ndf implements Integrator {
  readonly statistics: IntegratorStatistics = { accepted: 0, rejected: 0, pivoted: 0 };
  readonly #compiled: CompiledNdf;
  readonly #functions: NdfExports;
  readonly #memory: Float64Array;
  readonly #size: number;
  readonly #mass: Float64Array;
  readonly #relative: number;
  readonly #absolute: Float64Array;
  readonly #largestStep: number;
  readonly #newtonTolerance: number;
  /** Backward differences; row 0 is the state. */
  readonly #differences: Float64Array[];
  #order = 1;
  #h: number;
  #time = 0;
  #previousTime = 0;
  #equalSteps = 0;
  /** What the factors were made for; 0 for none. */
  #factoredFor = 0;
  #pivoted: DenseFactors | null = null;
  #jacobianFresh = false;
  #started = false;

  constructor(compiled: CompiledNdf, options: IntegratorOptions = {}) {
    const { slots, system } = compiled;
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * slots) / PAGE_BYTES) });
    this.#compiled = compiled;
    this.#functions = instantiateSystem<NdfExports>(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, slots);
    this.#size = system.states.length;
    this.#mass = Float64Array.from(system.states, (_, i) => (system.algebraic?.[i] ? 0 : 1));
    this.#relative = options.relative ?? 1e-6;
    const { absolute = 1e-9 } = options;
    this.#absolute =
      typeof absolute === "number"
        ? new Float64Array(this.#size).fill(absolute)
        : Float64Array.from(absolute);
    this.#h = options.initialStep ?? 0;
    this.#largestStep = options.largestStep ?? Number.POSITIVE_INFINITY;
    this.#newtonTolerance = Math.max(1e-14 / this.#relative, Math.min(0.03, Math.sqrt(this.#relative)));
    this.#differences = Array.from({ length: LARGEST_ORDER + 3 }, () => new Float64Array(this.#size));
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
    return this.#differences[0]!.slice();
  }

  at(time: number): Float64Array {
    const result = this.state();
    if (time === this.#time) return result;
    let product = 1;
    for (let k = 1; k <= this.#order; k++) {
      product *= (time - (this.#time - (k - 1) * this.#h)) / (k * this.#h);
      addScaled(result, this.#differences[k]!, product);
    }
    return result;
  }

  /** Values of the system's outputs at a time within the last step. */
  outputs(time: number): Float64Array {
    const { regions } = this.#compiled;
    this.#evaluateAt(time, this.at(time));
    this.#functions.observe(0);
    return this.#view(regions.outputs).slice();
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
    if (state) this.#differences[0]!.set(Array.from(state));
    if (time !== undefined) this.#time = time;
    if (parameters) {
      this.#view(this.#compiled.regions.parameters).set(Array.from(parameters));
      this.#functions.prepare(0);
    }
    this.#previousTime = this.#time;
    this.#started = false;
  }

  #evaluateAt(time: number, state: Float64Array): void {
    const { regions } = this.#compiled;
    this.#memory[regions.time.start] = time;
    this.#view(regions.states).set(state);
  }

  /** Order 1 from the rates where the solver stands. */
  #start(limit: number): void {
    const { regions, system } = this.#compiled;
    const [state] = this.#differences as [Float64Array];
    this.#evaluateAt(this.#time, state);
    this.#functions.linearise(0);
    this.#jacobianFresh = true;
    const rates = this.#view(regions.rates);
    checkRates(rates, system.states, this.#time);
    const span = limit - this.#time;
    const fresh = firstStep(state, rates, this.#weights(state), span);
    // Order 1 again: the steps of a higher order would be too long.
    this.#h = this.#h > 0 ? Math.min(this.#h, 10 * fresh) : fresh;
    this.#order = 1;
    this.#differences[1]!.set(rates.map((rate, i) => this.#mass[i]! * rate * this.#h));
    for (let k = 2; k < this.#differences.length; k++) this.#differences[k]!.fill(0);
    this.#equalSteps = 0;
    this.#factoredFor = 0;
    this.#started = true;
  }

  #weights(state: Float64Array): Float64Array {
    return this.#absolute.map((absolute, i) => absolute + this.#relative * Math.abs(state[i]!));
  }

  #norm(values: Float64Array, weights: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += (values[i]! / weights[i]!) ** 2;
    return Math.sqrt(sum / values.length);
  }

  /** Rewrites the differences for steps of factor * h. */
  #rescale(factor: number): void {
    const order = this.#order;
    const change = multiplyTables(differenceTable(order, factor), differenceTable(order, 1));
    const old = this.#differences.slice(0, order + 1).map((row) => row.slice());
    for (let k = 0; k <= order; k++) {
      this.#differences[k]!.fill(0);
      for (let j = 0; j <= order; j++) addScaled(this.#differences[k]!, old[j]!, change[j]![k]!);
    }
    this.#h *= factor;
    this.#equalSteps = 0;
  }

  step(limit: number): void {
    if (!this.#started) this.#start(limit);
    for (;;) {
      const left = limit - this.#time;
      const longest = Math.min(this.#largestStep, left);
      if (this.#h > longest) this.#rescale(longest / this.#h);
      const last = this.#h >= 0.9999999999 * left;
      const time = last ? limit : this.#time + this.#h;
      const found = this.#newton(time);
      if (found === null) {
        this.statistics.rejected++;
        if (this.#jacobianFresh) this.#rescale(0.5);
        else this.#linearise();
        checkStep(this.#h, this.#time, this.#compiled.system.states[0]!);
        continue;
      }
      const safety = (0.9 * (2 * NEWTON_ITERATIONS + 1)) / (2 * NEWTON_ITERATIONS + found.iterations);
      const weights = this.#weights(found.state);
      const error = this.#norm(found.change, weights) * ERROR_CONSTANT[this.#order]!;
      if (!(error <= 1)) {
        this.statistics.rejected++;
        const { states } = this.#compiled.system;
        let worst = 0;
        for (let i = 1; i < states.length; i++) {
          if (Math.abs(found.change[i]! / weights[i]!) > Math.abs(found.change[worst]! / weights[worst]!))
            worst = i;
        }
        const factor = safety * error ** (-1 / (this.#order + 1));
        this.#rescale(Math.max(SMALLEST_SHRINK, factor > 0 ? factor : 0));
        checkStep(this.#h, this.#time, states[worst]!);
        continue;
      }
      this.#accept(time, found.change, error, safety, weights);
      return;
    }
  }

  #linearise(): void {
    const [state] = this.#differences as [Float64Array];
    this.#evaluateAt(this.#time, state);
    this.#functions.linearise(0);
    this.#jacobianFresh = true;
    this.#factoredFor = 0;
  }

  #accept(time: number, change: Float64Array, error: number, safety: number, weights: Float64Array): void {
    const order = this.#order;
    const rows = this.#differences;
    this.statistics.accepted++;
    this.#previousTime = this.#time;
    this.#time = time;
    this.#equalSteps++;
    this.#jacobianFresh = false;
    rows[order + 2]!.set(change);
    addScaled(rows[order + 2]!, rows[order + 1]!, -1);
    rows[order + 1]!.set(change);
    for (let k = order; k >= 0; k--) addScaled(rows[k]!, rows[k + 1]!, 1);
    if (this.#equalSteps < order + 1) return;
    const factorOf = (size: number, k: number) =>
      size === 0 ? LARGEST_GROWTH : Math.max(0, size) ** (-1 / (k + 1));
    const factors = [-1, 0, 1].map((by) => {
      const k = order + by;
      if (k < 1 || k > LARGEST_ORDER) return 0;
      return factorOf(by === 0 ? error : this.#norm(rows[k + 1]!, weights) * ERROR_CONSTANT[k]!, k);
    });
    const best = factors.indexOf(Math.max(...factors));
    this.#order = order + best - 1;
    this.#rescale(Math.min(LARGEST_GROWTH, safety * factors[best]!));
  }

  /** Solves the step's equations; null when the iteration does not converge. */
  #newton(time: number): { state: Float64Array; change: Float64Array; iterations: number } | null {
    const { regions, extra } = this.#compiled;
    const n = this.#size;
    const order = this.#order;
    const g = ALPHA[order]! / this.#h;
    const predicted = new Float64Array(n);
    const history = new Float64Array(n);
    for (let k = 0; k <= order; k++) {
      addScaled(predicted, this.#differences[k]!, 1);
      if (k > 0) addScaled(history, this.#differences[k]!, HARMONIC[k]! / ALPHA[order]!);
    }
    const weights = this.#weights(predicted);
    const state = predicted.slice();
    const change = new Float64Array(n);
    const side = this.#view(extra.side);
    const solution = this.#view(extra.solution);
    const rates = this.#view(regions.rates);
    let previous = 0;
    for (let iteration = 0; iteration < NEWTON_ITERATIONS; iteration++) {
      this.#evaluateAt(time, state);
      this.#functions.rates(0);
      for (let i = 0; i < n; i++) side[i] = rates[i]! - g * this.#mass[i]! * (history[i]! + change[i]!);
      if (this.#factoredFor !== g) this.#factor(g, side);
      if (this.#pivoted) solution.set(solveFactored(this.#pivoted, side));
      else this.#functions.solve(0);
      const size = this.#norm(solution, weights);
      if (!Number.isFinite(size)) return null;
      const rate = iteration > 0 ? size / previous : 0;
      if (rate >= 1) return null;
      const remaining = rate ** (NEWTON_ITERATIONS - iteration) / (1 - rate);
      if (iteration > 0 && remaining * size > this.#newtonTolerance) return null;
      addScaled(state, solution, 1);
      addScaled(change, solution, 1);
      if (size === 0 || (iteration > 0 && (rate / (1 - rate)) * size < this.#newtonTolerance)) {
        return { state, change, iterations: iteration + 1 };
      }
      previous = size;
    }
    return null;
  }

  /** Factors g M - J, with pivoting where the fixed order does not solve for `side` accurately. */
  #factor(g: number, side: Float64Array): void {
    const { regions, extra, equations } = this.#compiled;
    this.#factoredFor = g;
    this.#pivoted = null;
    const kept = side.slice();
    this.#functions.factor(0, g);
    this.#functions.solve(0);
    const solution = this.#view(extra.solution);
    const residual = kept.map((value, i) => value - g * this.#mass[i]! * solution[i]!);
    const size = kept.map((value, i) => Math.abs(value) + Math.abs(g * this.#mass[i]! * solution[i]!));
    for (const [k, { row, column }] of equations.jacobian.entries()) {
      const product = this.#memory[regions.jacobian.start + k]! * solution[column]!;
      residual[row]! += product;
      size[row]! += Math.abs(product);
    }
    side.set(kept);
    if (residual.every((value, i) => Math.abs(value) <= WORST_RESIDUAL * size[i]!)) return;
    this.statistics.pivoted++;
    const n = this.#size;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) matrix[i * n + i] = g * this.#mass[i]!;
    for (const [k, { row, column }] of equations.jacobian.entries()) {
      matrix[row * n + column]! -= this.#memory[regions.jacobian.start + k]!;
    }
    this.#pivoted = factorDense(matrix, n);
  }
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}

/** Products (k - 1 - factor j) / k down the rows: what a change of step does to backward differences. */
function differenceTable(order: number, factor: number): number[][] {
  const table = [new Array<number>(order + 1).fill(1)];
  for (let k = 1; k <= order; k++) {
    table.push(table[k - 1]!.map((above, j) => (j === 0 ? 0 : (above * (k - 1 - factor * j)) / k)));
  }
  return table;
}

function multiplyTables(a: number[][], b: number[][]): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
}
