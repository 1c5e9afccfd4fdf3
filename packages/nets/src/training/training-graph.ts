/** The graph of one batch: forward pass, loss and gradients of a network at one patch size. */
import { usageError } from "@viscera/core";
import {
  applyNetwork,
  type BatchStatistics,
  type DropoutInput,
  dropoutInputs,
  type Network,
} from "../architecture/index.js";
import { Tape, type Variable } from "../autodiff/index.js";
import { GraphBuilder, type Value } from "../onnx/graph-builder.js";
import { deepSupervisionLoss } from "./loss.js";
import { type LossSpec, needsDistances } from "./loss-spec.js";
import { classTarget, regionTarget, sampleNearest, type Target } from "./target.js";

export interface BatchSpec {
  network: Network;
  /** Extents of a patch in the order of tensors, [d0, d1, d2]. */
  patch: readonly number[];
  batch: number;
  loss: LossSpec;
  /** Weight of each output's loss, the finest first; null (the default) for the finest alone. */
  deepSupervisionWeights?: readonly number[] | null;
  /** Regions instead of classes: the class ids that make up each output channel's. */
  regions?: readonly (readonly number[])[] | null;
  /** Whether every batch says which classes (or regions) each of its cases knows. */
  partialLabels?: boolean;
  /** Parameters to train; default all. */
  trainable?: (name: string) => boolean;
  /** Batches whose mean gradient makes one update; default 1. */
  accumulate?: number;
}

export interface TrainingGraph {
  /**
   * Inputs: `data`, `target`; `known` and `distances` where they are asked for; the parameters of `inputs` by name;
   * the masks of `dropout`; `gathered/NAME` where gradients accumulate. Outputs: `loss`; `gradient/NAME` of each
   * of `trained`; `running/NAME` of each of `running`.
   */
  model: Uint8Array;
  /** Parameters that have a part in the graph. */
  inputs: string[];
  /** Those that are trained and on which the loss depends. */
  trained: { name: string; dims: readonly number[] }[];
  /** Those that follow the statistics of the batches (batch norm). */
  running: string[];
  dropout: DropoutInput[];
}

/** Part of a batch in running statistics; torch's default `momentum` of batch norm. */
const BATCH_SHARE = 0.1;

/**
 * Throws `usage` for a specification whose parts do not fit each other, `input.shape` for a patch that the network
 * cannot take.
 */
export function buildTrainingGraph(spec: BatchSpec): TrainingGraph {
  const { network, patch, batch, loss: lossSpec, trainable = () => true, accumulate = 1 } = spec;
  const weights = spec.deepSupervisionWeights ?? [1];
  checkSpec(spec);
  const tape = new Tape(new GraphBuilder({ name: "training" }));
  const { graph } = tape;

  const data = tape.input("data", [batch, network.channels, ...patch]);
  const ids = tape.input("target", [batch, ...patch], "uint8");
  const known = spec.partialLabels ? tape.input("known", [batch, network.classes], "uint8") : null;
  const distances = needsDistances(lossSpec)
    ? tape.input("distances", [batch, network.classes, ...patch])
    : null;

  const specs = new Map(network.parameters.map((parameter) => [parameter.name, parameter]));
  const parameters = new Map<string, Variable>();
  const parameter = (name: string): Variable => {
    let variable = parameters.get(name);
    if (variable === undefined) {
      variable = tape.parameter(name, specs.get(name)!.dims, { trainable: trainable(name) });
      parameters.set(name, variable);
    }
    return variable;
  };
  const statistics: BatchStatistics[] = [];
  const outputs = applyNetwork(tape, network, data, parameter, {
    training: true,
    onBatchStatistics: (each) => statistics.push(each),
  });
  if (weights.length > outputs.length) {
    throw usageError(
      `There are ${weights.length} weights of deep supervision for ${outputs.length} outputs of the network.`,
      "Give at most one a resolution.",
    );
  }

  const targetOf = (level: number): Target => {
    const size = outputs[level]!.dims.slice(2);
    const options = { known, distances: distances && sampleNearest(tape, distances, size, 2) };
    const coarse = sampleNearest(tape, ids, size);
    return spec.regions
      ? regionTarget(tape, coarse, spec.regions, options)
      : classTarget(tape, coarse, network.classes, options);
  };
  const loss = deepSupervisionLoss(tape, lossSpec, outputs, targetOf, weights);
  graph.output(loss.value, "loss", "float32", []);

  const learned = network.parameters.flatMap(({ name }) => parameters.get(name) ?? []);
  const reached = new Set(
    tape.reached(
      loss,
      learned.filter((variable) => variable.needsGradient),
    ),
  );
  const trained = network.parameters
    .filter(({ name }) => reached.has(parameters.get(name)!))
    .map(({ name, dims }) => ({ name, dims }));
  if (trained.length === 0) {
    throw usageError("No parameter of the network would be trained.", "Leave at least one layer trainable.");
  }
  // The mean over batches, taken before gradients spread over the graph.
  const share = accumulate === 1 ? loss : tape.mul(loss, tape.constant(1 / accumulate));
  const gradients = tape.gradients(
    share,
    trained.map(({ name }) => parameters.get(name)!),
  );
  trained.forEach(({ name, dims }, i) => {
    let gradient = gradients[i]!.value;
    if (accumulate > 1) gradient = graph.add(gradient, graph.input(`gathered/${name}`, "float32", dims));
    graph.output(gradient, `gradient/${name}`, "float32", dims);
  });
  const running = statistics.flatMap((each) => followStatistics(tape, each, parameter));
  return {
    model: graph.build(),
    inputs: [...parameters.keys()],
    trained,
    running,
    dropout: dropoutInputs(network, batch, patch),
  };
}

/** Running mean and variance after a batch, as torch: the variance by one number fewer. */
function followStatistics(
  { graph }: Tape,
  { runningMean, runningVariance, mean, variance, count }: BatchStatistics,
  parameter: (name: string) => Variable,
): string[] {
  const follow = (name: string, value: Value, share: number) => {
    const before = parameter(name);
    const kept = graph.mul(before.value, graph.scalar(1 - BATCH_SHARE));
    const after = graph.add(kept, graph.mul(value, graph.scalar(share)));
    graph.output(after, `running/${name}`, "float32", before.dims);
    return name;
  };
  return [
    follow(runningMean, mean.value, BATCH_SHARE),
    follow(runningVariance, variance.value, (BATCH_SHARE * count) / (count - 1)),
  ];
}

function checkSpec({ network, batch, accumulate = 1, regions }: BatchSpec): void {
  for (const count of [batch, accumulate]) {
    if (!(Number.isInteger(count) && count > 0)) {
      throw usageError(`${count} is no number of patches or batches.`, "Give a whole number from 1 on.");
    }
  }
  if (regions && regions.length !== network.classes) {
    throw usageError(`There are ${regions.length} regions for ${network.classes} outputs of the network.`);
  }
}
