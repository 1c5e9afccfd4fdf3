/** For tests only: runs a tape with a weighted sum of its result as loss. */
import { GraphBuilder } from "../onnx/graph-builder.js";
import type { Session } from "../session/session.js";
import { elementCount, floatTensor, type Tensor } from "../tensor.js";
import { Tape, type Variable } from "./tape.js";

export interface Numbers {
  dims: readonly number[];
  data: Float32Array;
}

export type Build = (tape: Tape, variables: Record<string, Variable>) => Variable;

export class Experiment {
  readonly model: Uint8Array;
  readonly dims: readonly number[];
  readonly #session: Session;

  private constructor(model: Uint8Array, dims: readonly number[], session: Session) {
    this.model = model;
    this.dims = dims;
    this.#session = session;
  }

  /** Outputs `y` and, for every trainable input, its gradient for the loss Σ y · gy. */
  static async create(
    open: (model: Uint8Array) => Promise<Session>,
    inputs: Readonly<Record<string, Numbers>>,
    build: Build,
    frozen: readonly string[] = [],
  ): Promise<Experiment> {
    const tape = new Tape(new GraphBuilder());
    const variables: Record<string, Variable> = {};
    for (const [name, { dims }] of Object.entries(inputs)) {
      variables[name] = tape.parameter(name, dims, { trainable: !frozen.includes(name) });
    }
    const y = build(tape, variables);
    const gy = tape.input("gy", y.dims);
    const loss = tape.reduceSum(
      tape.mul(y, gy),
      y.dims.map((_, axis) => axis),
      false,
    );
    tape.graph.output(y.value, "y", "float32", y.dims);
    const names = Object.keys(inputs).filter((name) => !frozen.includes(name));
    const gradients = tape.gradients(
      loss,
      names.map((name) => variables[name]!),
    );
    gradients.forEach(({ value, dims }, i) => {
      tape.graph.output(value, `g_${names[i]}`, "float32", dims);
    });
    const model = tape.graph.build();
    return new Experiment(model, y.dims, await open(model));
  }

  /** `y` and the gradients `g_<name>`. Throws where a result does not have the extents that the tape thinks. */
  async run(
    inputs: Readonly<Record<string, Numbers>>,
    gy: Float32Array,
  ): Promise<Record<string, Float32Array>> {
    const feeds: Record<string, Tensor> = { gy: floatTensor(gy, this.dims) };
    for (const [name, { dims, data }] of Object.entries(inputs)) feeds[name] = floatTensor(data, dims);
    const results = await this.#session.run(feeds);
    const out: Record<string, Float32Array> = {};
    for (const [name, { dims, data }] of Object.entries(results)) {
      const expected = name === "y" ? this.dims : inputs[name.slice(2)]!.dims;
      if (dims.join() !== expected.join()) throw new Error(`${name} is [${dims}], not [${expected}]`);
      out[name] = data as Float32Array;
    }
    return out;
  }

  get size(): number {
    return elementCount(this.dims);
  }

  dispose(): Promise<void> {
    return this.#session.dispose();
  }
}

/** Largest difference, as a part of the largest expected magnitude. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const d = Math.abs(actual[i]! - expected[i]!);
    // A NaN must not pass.
    if (!(d <= difference)) difference = d;
  }
  return difference === 0 ? 0 : difference / largest;
}
