/**
 * Optimisers as graphs over vectors: one step takes weights, gradient and what the optimiser remembers, and gives
 * them anew. The arithmetic is PyTorch's (torch.optim.SGD, Adam, AdamW), bias corrections included.
 */
import { usageError } from "@viscera/core";
import { GraphBuilder, type Value } from "../onnx/graph-builder.js";
import { floatTensor, type Tensor } from "../tensor.js";

export interface SgdSpec {
  kind: "sgd";
  /** Default 0. */
  momentum?: number;
  /** Default false. */
  nesterov?: boolean;
  /** Added to the gradient as a multiple of the weights; default 0. */
  weightDecay?: number;
}

/** Kingma and Ba, arXiv:1412.6980; `adamw` takes the decay off the weights: Loshchilov and Hutter, arXiv:1711.05101. */
export interface AdamSpec {
  kind: "adam" | "adamw";
  /** Default 0.9 and 0.999. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  epsilon?: number;
  /** Default 0 (`adam`), 0.01 (`adamw`). */
  weightDecay?: number;
}

export type OptimiserSpec = SgdSpec | AdamSpec;

/** Names of the vectors that an optimiser keeps from step to step, besides the weights; zeros at first. */
export function optimiserStates(spec: OptimiserSpec): string[] {
  if (spec.kind !== "sgd") return ["firstMoment", "secondMoment"];
  return (spec.momentum ?? 0) > 0 ? ["momentum"] : [];
}

function adamOptions({ kind, betas = [0.9, 0.999], epsilon = 1e-8, weightDecay }: AdamSpec) {
  return { betas, epsilon, weightDecay: weightDecay ?? (kind === "adamw" ? 0.01 : 0) };
}

/**
 * ONNX model of one update of vectors of any length n. Inputs: `weights`, `gradient` and the optimiser's states
 * [n], `average` [n] where `averageDecay` is given, and the numbers of `updateNumbers`. Outputs: `weights_next`,
 * the same of each state and of `average`.
 */
export function updateModel(spec: OptimiserSpec, averageDecay: number | null = null): Uint8Array {
  checkSpec(spec);
  const graph = new GraphBuilder({ name: "update" });
  const vector = (name: string) => graph.input(name, "float32", ["n"]);
  const next = (name: string, value: Value) => graph.output(value, `${name}_next`, "float32", ["n"]);
  const times = (value: Value, factor: number) => graph.mul(value, graph.scalar(factor));

  const weights = vector("weights");
  const gradient = graph.mul(vector("gradient"), graph.input("gradientFactor", "float32", []));
  const rate = graph.input("rate", "float32", []);
  let updated: Value;
  if (spec.kind === "sgd") {
    const { momentum = 0, nesterov = false, weightDecay = 0 } = spec;
    let direction = weightDecay === 0 ? gradient : graph.add(gradient, times(weights, weightDecay));
    if (momentum > 0) {
      const velocity = graph.add(times(vector("momentum"), momentum), direction);
      next("momentum", velocity);
      direction = nesterov ? graph.add(direction, times(velocity, momentum)) : velocity;
    }
    updated = graph.sub(weights, graph.mul(direction, rate));
  } else {
    const { betas, epsilon, weightDecay } = adamOptions(spec);
    const decayed = spec.kind === "adam" && weightDecay !== 0;
    const g = decayed ? graph.add(gradient, times(weights, weightDecay)) : gradient;
    const first = graph.add(times(vector("firstMoment"), betas[0]), times(g, 1 - betas[0]));
    const second = graph.add(times(vector("secondMoment"), betas[1]), times(graph.mul(g, g), 1 - betas[1]));
    next("firstMoment", first);
    next("secondMoment", second);
    const root = graph.mul(graph.map("Sqrt", second), graph.input("rootFactor", "float32", []));
    const direction = graph.div(first, graph.add(root, graph.scalar(epsilon)));
    const kept =
      spec.kind === "adamw" ? graph.mul(weights, graph.input("weightFactor", "float32", [])) : weights;
    updated = graph.sub(kept, graph.mul(direction, rate));
  }
  next("weights", updated);
  if (averageDecay !== null) {
    const average = graph.add(times(vector("average"), averageDecay), times(updated, 1 - averageDecay));
    next("average", average);
  }
  return graph.build();
}

/**
 * The numbers that an update of `updateModel` takes besides vectors. `update` counts from 1; `gradientFactor`
 * multiplies the gradient first (clipping).
 */
export function updateNumbers(
  spec: OptimiserSpec,
  at: { update: number; learningRate: number; gradientFactor: number },
): Record<string, Tensor> {
  const { update, learningRate, gradientFactor } = at;
  const number = (value: number) => floatTensor(Float32Array.of(value), []);
  if (spec.kind === "sgd") return { gradientFactor: number(gradientFactor), rate: number(learningRate) };
  const { betas, weightDecay } = adamOptions(spec);
  return {
    gradientFactor: number(gradientFactor),
    rate: number(learningRate / (1 - betas[0] ** update)),
    rootFactor: number(1 / Math.sqrt(1 - betas[1] ** update)),
    ...(spec.kind === "adamw" ? { weightFactor: number(1 - learningRate * weightDecay) } : {}),
  };
}

/** Length of a vector given in parts; in double precision, for single loses digits over millions of squares. */
export function normOf(parts: readonly Float32Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i++) sum += part[i]! * part[i]!;
  }
  return Math.sqrt(sum);
}

/** What brings a gradient of norm `norm` down to `clipNorm` at most, as torch.nn.utils.clip_grad_norm_. */
export function clipFactor(norm: number, clipNorm: number | null | undefined): number {
  return clipNorm === null || clipNorm === undefined ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
}

function checkSpec(spec: OptimiserSpec): void {
  const share = (value: number) => value >= 0 && value < 1;
  const right =
    (spec.weightDecay ?? 0) >= 0 &&
    (spec.kind === "sgd"
      ? share(spec.momentum ?? 0) && !(spec.nesterov && !spec.momentum)
      : adamOptions(spec).betas.every(share) && adamOptions(spec).epsilon > 0);
  if (right) return;
  throw usageError(
    `The optimiser's options do not go together: ${JSON.stringify(spec)}.`,
    "Momentum and betas lie from 0 to below 1, decay is 0 or more, and Nesterov needs a momentum.",
  );
}
