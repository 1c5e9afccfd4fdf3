/** For tests only: losses on a small tape of their own. */

import { Tape, type Variable } from "../autodiff/index.js";
import { GraphBuilder } from "../onnx/graph-builder.js";
import type { Session } from "../session/session.js";
import type { Tensor } from "../tensor.js";
import { segmentationLoss } from "./loss.js";
import type { LossSpec } from "./loss-spec.js";
import { classTarget, regionTarget, type Target } from "./target.js";

export type Open = (model: Uint8Array) => Promise<Session>;

export const float = (data: Float32Array, dims: readonly number[]): Tensor => ({
  type: "float32",
  dims,
  data,
});
export const bytes = (data: ArrayLike<number>, dims: readonly number[]): Tensor => ({
  type: "uint8",
  dims,
  data: Uint8Array.from(data),
});

export interface Built {
  loss: Variable;
  gradientsOf: Variable[];
}

/** Runs a loss built on a tape: its value and the gradients asked for. */
export async function evaluate(open: Open, feeds: Record<string, Tensor>, build: (tape: Tape) => Built) {
  const tape = new Tape(new GraphBuilder());
  const { loss, gradientsOf } = build(tape);
  tape.graph.output(loss.value, "loss", "float32", []);
  tape.gradients(loss, gradientsOf).forEach((g, i) => {
    tape.graph.output(g.value, `gradient_${i}`, "float32", g.dims);
  });
  const session = await open(tape.graph.build());
  const run = async (more: Record<string, Tensor> = {}) => {
    const out = await session.run({ ...feeds, ...more });
    return {
      loss: (out["loss"]!.data as Float32Array)[0]!,
      gradients: gradientsOf.map((_, i) => out[`gradient_${i}`]!.data as Float32Array),
    };
  };
  const result = await run();
  return { ...result, run, dispose: () => session.dispose() };
}

export interface Case {
  scores: Tensor;
  ids: Tensor;
  spec: LossSpec;
  ignore?: number | null;
  regions?: number[][];
  known?: Tensor;
  distances?: Tensor;
}

/** A loss of scores [N, C, ...] against class ids [N, ...]. */
export function evaluateCase(open: Open, { scores, ids, spec, ignore, regions, known, distances }: Case) {
  const feeds: Record<string, Tensor> = { x: scores, ids };
  if (known) feeds["known"] = known;
  if (distances) feeds["distances"] = distances;
  return evaluate(open, feeds, (tape) => {
    const x = tape.parameter("x", scores.dims);
    const truth = tape.input("ids", ids.dims, "uint8");
    const options = {
      ...(ignore === undefined ? {} : { ignore }),
      known: known ? tape.input("known", known.dims, "uint8") : null,
      distances: distances ? tape.input("distances", distances.dims) : null,
    };
    const target: Target = regions
      ? regionTarget(tape, truth, regions, options)
      : classTarget(tape, truth, scores.dims[1]!, options);
    return { loss: segmentationLoss(tape, spec, x, target), gradientsOf: [x] };
  });
}

/** The definition, in double precision: p and y of one sample, [C][voxels], without ignored voxels. */
export function plainClasses(x: Float32Array, sample: number, ids: ArrayLike<number>) {
  const p: number[][] = [[], [], []];
  const y: number[][] = [[], [], []];
  for (let voxel = 0; voxel < 24; voxel++) {
    const id = ids[sample * 24 + voxel]!;
    if (id === 255) continue;
    const e = [0, 1, 2].map((c) => Math.exp(x[(sample * 3 + c) * 24 + voxel]!));
    const sum = e.reduce((a, b) => a + b);
    for (let c = 0; c < 3; c++) {
      p[c]!.push(e[c]! / sum);
      y[c]!.push(id === c ? 1 : 0);
    }
  }
  const total = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return [0, 1, 2].map((c) => ({
    p: p[c]!,
    y: y[c]!,
    tp: total(p[c]!.map((value, i) => value * y[c]![i]!)),
    predicted: total(p[c]!),
    volume: total(y[c]!),
  }));
}
