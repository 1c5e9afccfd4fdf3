import {
  type CompiledSystem,
  compileSystem,
  instantiateSystem,
  type SystemExports,
} from "./compile-system.js";
import type { EquationSystem } from "./equations.js";
import type { Region } from "./layout.js";

const PAGE_BYTES = 65536;

export type CompiledEquations = CompiledSystem<null>;

/** Compiles a system for evaluation only. */
export function compileEquations(system: EquationSystem): Promise<CompiledEquations> {
  return compileSystem(system, () => null);
}

/** Values of a system's rates, Jacobian and outputs at any point, apart from what a solver is doing. */
export class EquationEvaluator {
  readonly system: EquationSystem;
  readonly #compiled: CompiledEquations;
  readonly #functions: SystemExports;
  readonly #memory: Float64Array;

  constructor(compiled: CompiledEquations) {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((8 * compiled.slots) / PAGE_BYTES) });
    this.system = compiled.system;
    this.#compiled = compiled;
    this.#functions = instantiateSystem(compiled, memory);
    this.#memory = new Float64Array(memory.buffer, 0, compiled.slots);
  }

  #view({ start, length }: Region): Float64Array {
    return this.#memory.subarray(start, start + length);
  }

  setParameters(parameters: ArrayLike<number>): void {
    this.#view(this.#compiled.regions.parameters).set(Array.from(parameters));
    this.#functions.prepare(0);
  }

  #place(time: number, state: Float64Array): void {
    const { regions } = this.#compiled;
    this.#memory[regions.time.start] = time;
    this.#view(regions.states).set(state);
  }

  /** Valid until the next call. */
  rates(time: number, state: Float64Array): Float64Array {
    this.#place(time, state);
    this.#functions.rates(0);
    return this.#view(this.#compiled.regions.rates);
  }

  /** Valid until the next call. */
  outputs(time: number, state: Float64Array): Float64Array {
    this.#place(time, state);
    this.#functions.observe(0);
    return this.#view(this.#compiled.regions.outputs);
  }

  /** d rates[row] / d state[column], row-major, with the rates at the same point. */
  linearise(time: number, state: Float64Array): { rates: Float64Array; jacobian: Float64Array } {
    const { regions, equations } = this.#compiled;
    const n = state.length;
    this.#place(time, state);
    this.#functions.linearise(0);
    const jacobian = new Float64Array(n * n);
    for (const [k, { row, column }] of equations.jacobian.entries()) {
      jacobian[row * n + column] = this.#memory[regions.jacobian.start + k]!;
    }
    return { rates: this.#view(regions.rates).slice(), jacobian };
  }
}
