/**
 * How a model's state gets from one time to another while its parameters stay: by exponentials of its matrix where
 * the equations are linear in the states, else by a solver.
 */
import {
  type CompiledEquations,
  type CompiledRodas5p,
  compileEquations,
  compileRodas5p,
  EquationEvaluator,
  type EquationSystem,
  expm,
  integrate,
  multiplyVector,
  Rodas5p,
  type Tolerances,
} from "@viscera/numerics";
import { isLinear } from "./linear.js";

export interface Flow {
  readonly linear: boolean;
  /** Parameters in the order of the system's. */
  setParameters(parameters: Float64Array): void;
  /** The state at `until`; states at the rising times of `outputTimes`, from `from` to `until`, go to `onOutput`. */
  run(
    state: Float64Array,
    from: number,
    until: number,
    outputTimes?: readonly number[],
    onOutput?: (index: number, state: Float64Array) => void,
  ): Float64Array;
}

export interface FlowOptions extends Tolerances {
  signal?: AbortSignal;
  /** Always take the solver, which is for comparisons only. */
  method?: "auto" | "solver";
}

/** A system ready to be run; one serves any number of subjects, one after the other. */
export interface CompiledFlow {
  readonly linear: boolean;
  readonly evaluator: EquationEvaluator;
  newFlow(): Flow;
}

export const DEFAULT_RELATIVE = 1e-8;
export const DEFAULT_ABSOLUTE = 1e-10;

export async function compileFlow(system: EquationSystem, options: FlowOptions = {}): Promise<CompiledFlow> {
  const compiled = await compileEquations(system);
  const linear = options.method !== "solver" && isLinear(compiled.equations, system);
  const solver = linear ? null : await compileRodas5p({ ...system, outputs: [] });
  const evaluator = new EquationEvaluator(compiled);
  return {
    linear,
    evaluator,
    newFlow: () => (solver === null ? new LinearFlow(compiled) : new SolverFlow(solver, options)),
  };
}

/** Matrices kept for one set of parameters; more are forgotten. */
const MOST_EXPONENTIALS = 4096;
/** Sets of parameters kept: those that a subject's infusions go back and forth between, and no more, for a fit has many. */
const MOST_PARTS = 16;

interface LinearParts {
  parameters: Float64Array;
  /** (n+1) x (n+1), row-major: the matrix with what does not depend on the states as a last column. */
  augmented: Float64Array;
  exponentials: Map<number, Float64Array>;
}

/** dx/dt = A x + u, carried over an interval h by expm of h [[A, u], [0, 0]]; equal intervals share one. */
class LinearFlow implements Flow {
  readonly linear = true;
  readonly #evaluator: EquationEvaluator;
  readonly #size: number;
  /** The latest first. */
  readonly #parts: LinearParts[] = [];
  #current: LinearParts | null = null;

  constructor(compiled: CompiledEquations) {
    this.#evaluator = new EquationEvaluator(compiled);
    this.#size = compiled.system.states.length;
  }

  setParameters(parameters: Float64Array): void {
    let at = 0;
    while (at < this.#parts.length && !areEqual(this.#parts[at]!.parameters, parameters)) at++;
    const parts: LinearParts = this.#parts[at] ?? {
      parameters: parameters.slice(),
      augmented: this.#linearised(parameters),
      exponentials: new Map(),
    };
    if (at === this.#parts.length && at < MOST_PARTS) this.#parts.push(parts);
    for (let k = Math.min(at, this.#parts.length - 1); k > 0; k--) this.#parts[k] = this.#parts[k - 1]!;
    this.#parts[0] = parts;
    this.#current = parts;
  }

  #linearised(parameters: Float64Array): Float64Array {
    const n = this.#size;
    this.#evaluator.setParameters(parameters);
    const { rates, jacobian } = this.#evaluator.linearise(0, new Float64Array(n));
    const augmented = new Float64Array((n + 1) * (n + 1));
    for (let i = 0; i < n; i++) {
      augmented.set(jacobian.subarray(i * n, (i + 1) * n), i * (n + 1));
      augmented[i * (n + 1) + n] = rates[i]!;
    }
    return augmented;
  }

  run(
    state: Float64Array,
    from: number,
    until: number,
    outputTimes: readonly number[] = [],
    onOutput?: (index: number, state: Float64Array) => void,
  ): Float64Array {
    let current = state;
    let time = from;
    for (const [i, at] of outputTimes.entries()) {
      current = this.#advance(current, at - time);
      time = at;
      onOutput?.(i, current);
    }
    return this.#advance(current, until - time);
  }

  /** A negative interval goes back in time. */
  #advance(state: Float64Array, interval: number): Float64Array {
    if (interval === 0) return state;
    const { augmented, exponentials } = this.#current!;
    const size = this.#size + 1;
    let step = exponentials.get(interval);
    if (!step) {
      if (exponentials.size >= MOST_EXPONENTIALS) exponentials.clear();
      step = expm(
        augmented.map((value) => value * interval),
        size,
      );
      exponentials.set(interval, step);
    }
    const from = new Float64Array(size);
    from.set(state);
    from[size - 1] = 1;
    return multiplyVector(step, from, size).slice(0, this.#size);
  }
}

function areEqual(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

class SolverFlow implements Flow {
  readonly linear = false;
  readonly #solver: Rodas5p;
  readonly #signal: AbortSignal | undefined;
  #parameters = new Float64Array(0);

  constructor(compiled: CompiledRodas5p, { relative, absolute, signal }: FlowOptions) {
    this.#solver = new Rodas5p(compiled, {
      relative: relative ?? DEFAULT_RELATIVE,
      absolute: absolute ?? DEFAULT_ABSOLUTE,
    });
    this.#signal = signal;
  }

  setParameters(parameters: Float64Array): void {
    this.#parameters = parameters.slice();
  }

  run(
    state: Float64Array,
    from: number,
    until: number,
    outputTimes: readonly number[] = [],
    onOutput?: (index: number, state: Float64Array) => void,
  ): Float64Array {
    this.#solver.reset({ time: from, state, parameters: this.#parameters });
    integrate(this.#solver, {
      until,
      outputTimes,
      ...(onOutput ? { onOutput: (index, _time, values) => onOutput(index, values) } : {}),
      ...(this.#signal ? { signal: this.#signal } : {}),
    });
    return this.#solver.state();
  }
}
