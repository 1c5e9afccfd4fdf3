/** For tests only: runs a network's forward pass. */

import { Tape } from "../autodiff/index.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import type { Session } from "../session/session.js";
import { floatTensor, type Tensor } from "../tensor.js";
import type { Weights } from "../weights/weights.js";
import { type ApplyOptions, applyNetwork } from "./apply.js";
import type { Network } from "./network.js";

export type Open = (model: Uint8Array) => Promise<Session>;

/** All outputs of `applyNetwork` for an input; `feeds` are further inputs of the tape. */
export async function runOnTape(
  open: Open,
  network: Network,
  weights: Weights,
  input: Tensor,
  options: ApplyOptions = {},
  feeds: Record<string, Tensor> = {},
): Promise<Tensor[]> {
  const tape = new Tape(new GraphBuilder());
  const parameters = new Map(
    network.parameters.map(({ name, dims }) => [name, tape.parameter(name, dims)] as const),
  );
  const outputs = applyNetwork(
    tape,
    network,
    tape.input("input", input.dims),
    (name) => parameters.get(name)!,
    options,
  );
  outputs.forEach(({ value, dims }, i) => {
    tape.graph.output(value, `output.${i}`, "float32", dims);
  });
  const session = await open(tape.graph.build());
  const results = await session.run({ input, ...Object.fromEntries(weights), ...feeds });
  await session.dispose();
  return outputs.map((_, i) => floatTensor(results[`output.${i}`]!.data as Float32Array, outputs[i]!.dims));
}

/** Numbers of a wave without symmetries: an input for tests. */
export function waves(dims: readonly number[]): Tensor {
  const length = dims.reduce((all, n) => all * n, 1);
  return floatTensor(
    Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * 0.0131 + 1)),
    dims,
  );
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
