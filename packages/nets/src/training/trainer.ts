/**
 * Training of a network, step by step. A step runs two models: one gives loss and gradients of a batch, the other
 * (`updateModel`) updates the weights, a stretch of the parameter vector at a time so that it works in the cache.
 * Nothing but the arguments and the state has a part in a step, so a training goes on from a saved state
 * bit by bit as if it had never stopped.
 */
import { failedError, inputError, RandomStream, usageError } from "@viscera/core";
import { type DropoutInput, matchWeights } from "../architecture/index.js";
import type { Session } from "../session/session.js";
import { elementCount, floatTensor, type Tensor } from "../tensor.js";
import type { Weights } from "../weights/index.js";
import { needsDistances } from "./loss-spec.js";
import {
  clipFactor,
  normOf,
  type OptimiserSpec,
  optimiserStates,
  updateModel,
  updateNumbers,
} from "./optimiser.js";
import { ParameterVector } from "./parameter-vector.js";
import { type BatchSpec, buildTrainingGraph, type TrainingGraph } from "./training-graph.js";

export interface TrainingStepSpec extends BatchSpec {
  optimiser: OptimiserSpec;
  /** Longest gradient of all parameters together; longer ones are scaled down. Default none. */
  clipNorm?: number | null;
  /** Factor of a parameter's learning rate; default 1. */
  learningRateScale?: (name: string) => number;
  /** Decay of the moving average of the weights over updates (0.999, say); default null, for no average. */
  emaDecay?: number | null;
}

export interface TrainingBatch {
  /** [batch, channels, ...patch] */
  data: Float32Array;
  /** Class ids [batch, ...patch]; 255 counts for nothing. */
  target: Uint8Array;
  /** 1 where a case knows a class, [batch, classes]; for `partialLabels`. */
  known?: Uint8Array;
  /** Signed distances to each class's surface, negative inside, [batch, classes, ...patch]; for boundary losses. */
  distances?: Float32Array;
}

/** Everything that the next step depends on, besides its arguments. */
export interface TrainerState {
  /** Updates of the weights done. */
  updates: number;
  /** Batches gathered since the last one. */
  gathered: number;
  /** `weights/NAME`, and of trained parameters `average/NAME`, the optimiser's own and, amid gathering, `gradient/NAME`. */
  tensors: Weights;
}

/** Numbers updated in one run; their vectors then fit into a processor's cache. */
const STRETCH = 2 ** 18;

export class Trainer {
  readonly #spec: TrainingStepSpec;
  readonly #gradients: Session;
  readonly #updates: Session;
  readonly #graph: Omit<TrainingGraph, "model">;
  readonly #layout: ParameterVector;
  /** Of trained parameters: weights, gradient, and what optimiser and average remember. */
  readonly #vectors: Map<string, Float32Array>;
  /** All other parameters: frozen, unused in training, or running statistics. */
  readonly #others: Weights;
  #updateCount = 0;
  #gathered = 0;

  private constructor(
    spec: TrainingStepSpec,
    graph: Omit<TrainingGraph, "model">,
    weights: Weights,
    [gradients, updates]: readonly [Session, Session],
  ) {
    const layout = new ParameterVector(graph.trained, spec.learningRateScale ?? (() => 1));
    this.#spec = spec;
    this.#graph = graph;
    this.#layout = layout;
    this.#gradients = gradients;
    this.#updates = updates;
    const names = ["weights", "gradient", ...this.#remembered];
    this.#vectors = new Map(names.map((name) => [name, new Float32Array(layout.length)]));
    for (const name of ["weights", "average"]) {
      const vector = this.#vectors.get(name);
      if (vector) layout.fill(vector, (parameter) => weights.get(parameter)!);
    }
    const trained = new Set(graph.trained.map(({ name }) => name));
    this.#others = new Map(
      [...weights]
        .filter(([name]) => !trained.has(name))
        .map(([name, { type, dims, data }]) => [name, { type, dims, data: data.slice() }]),
    );
  }

  /** Vectors that outlive an update, besides the weights. */
  get #remembered(): string[] {
    const { optimiser, emaDecay = null } = this.#spec;
    return [...optimiserStates(optimiser), ...(emaDecay === null ? [] : ["average"])];
  }

  /**
   * A trainer that starts from `weights` (by name or alias, float32). `open` gives sessions for the models it
   * makes. Throws `usage` where the specification's parts do not fit, `input.weights` where the weights do not.
   */
  static async create(
    spec: TrainingStepSpec,
    weights: Weights,
    open: (model: Uint8Array) => Promise<Session>,
  ): Promise<Trainer> {
    const matched = matchWeights(spec.network, weights);
    const { model, ...graph } = buildTrainingGraph(spec);
    const updates = await open(updateModel(spec.optimiser, spec.emaDecay ?? null));
    try {
      return new Trainer(spec, graph, matched, [await open(model), updates]);
    } catch (error) {
      await updates.dispose();
      throw error;
    }
  }

  /**
   * Learns from one batch; after every `accumulate`-th, the weights are updated. Gives the batch's loss and the
   * norm of the gradient gathered so far, before clipping. Throws `failed.diverged` when either is not finite: the
   * weights are then those from before.
   */
  async step(
    batch: TrainingBatch,
    at: { step: number; learningRate: number; seed: number },
  ): Promise<{ loss: number; gradientNorm: number }> {
    const { accumulate = 1, clipNorm } = this.#spec;
    const gradient = this.#vectors.get("gradient")!;
    const feeds = {
      ...this.#batchTensors(batch),
      ...dropoutMasks(this.#graph.dropout, at.seed, at.step),
      ...this.#parameterTensors(),
      ...(accumulate > 1 ? Object.fromEntries(this.#layout.views(gradient, "gathered/")) : {}),
    };
    const out = await this.#gradients.run(feeds);
    const loss = (out["loss"]!.data as Float32Array)[0]!;
    const gradientNorm = normOf(
      this.#graph.trained.map(({ name }) => out[`gradient/${name}`]!.data as Float32Array),
    );
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw failedError(
        "diverged",
        `At step ${at.step} the loss is ${loss} and the gradient's length ${gradientNorm}.`,
        `Take a lower learning rate (it is ${at.learningRate} now)${clipNorm ? "" : " or clip the gradient"}.`,
      );
    }
    this.#layout.fill(gradient, (name) => out[`gradient/${name}`]!);
    for (const name of this.#graph.running) {
      (this.#others.get(name)!.data as Float32Array).set(out[`running/${name}`]!.data as Float32Array);
    }
    this.#gathered++;
    if (this.#gathered === accumulate) {
      await this.#update(at.learningRate, clipFactor(gradientNorm, clipNorm));
      this.#gathered = 0;
      if (accumulate > 1) gradient.fill(0);
    }
    return { loss, gradientNorm };
  }

  async #update(learningRate: number, gradientFactor: number): Promise<void> {
    const { optimiser } = this.#spec;
    this.#updateCount++;
    const kept = ["weights", ...this.#remembered];
    for (const { start, end, scale } of this.#layout.stretches) {
      const numbers = updateNumbers(optimiser, {
        update: this.#updateCount,
        learningRate: learningRate * scale,
        gradientFactor,
      });
      for (let from = start; from < end; from += STRETCH) {
        const to = Math.min(end, from + STRETCH);
        const part = (name: string) => this.#vectors.get(name)!.subarray(from, to);
        const vectors = ["gradient", ...kept].map((name) => [name, floatTensor(part(name), [to - from])]);
        const out = await this.#updates.run({ ...numbers, ...Object.fromEntries(vectors) });
        for (const name of kept) part(name).set(out[`${name}_next`]!.data as Float32Array);
      }
    }
  }

  #parameterTensors(): Record<string, Tensor> {
    const trained = this.#layout.views(this.#vectors.get("weights")!);
    return Object.fromEntries(
      this.#graph.inputs.map((name) => [name, (trained.get(name) ?? this.#others.get(name))!]),
    );
  }

  #batchTensors({ data, target, known, distances }: TrainingBatch): Record<string, Tensor> {
    const { network, patch, batch, loss, partialLabels } = this.#spec;
    const perClass = [batch, network.classes];
    const missing = [
      ...(partialLabels && !known ? ["known classes"] : []),
      ...(needsDistances(loss) && !distances ? ["distance maps"] : []),
    ];
    if (missing.length > 0) throw usageError(`The batch has no ${missing.join(" and no ")}.`);
    return {
      data: floatTensor(data, [batch, network.channels, ...patch]),
      target: byteTensor(target, [batch, ...patch]),
      ...(partialLabels ? { known: byteTensor(known!, perClass) } : {}),
      ...(needsDistances(loss) ? { distances: floatTensor(distances!, [...perClass, ...patch]) } : {}),
    };
  }

  /** Copies of all parameters as they are now. */
  async weights(): Promise<Weights> {
    return this.#copies("weights");
  }

  /** Copies of all parameters, the trained ones averaged over the updates; null without `emaDecay`. */
  async averagedWeights(): Promise<Weights | null> {
    return this.#vectors.has("average") ? this.#copies("average") : null;
  }

  #copies(name: string): Weights {
    const trained = this.#layout.views(this.#vectors.get(name)!);
    return new Map(
      this.#spec.network.parameters.map((parameter) => {
        const { type, dims, data } = (trained.get(parameter.name) ?? this.#others.get(parameter.name))!;
        return [parameter.name, { type, dims, data: data.slice() }];
      }),
    );
  }

  /** A copy of all that the next step depends on. */
  async state(): Promise<TrainerState> {
    const tensors: Weights = new Map();
    for (const [name, { type, dims, data }] of this.#stateViews(this.#gathered)) {
      tensors.set(name, { type, dims, data: data.slice() });
    }
    return { updates: this.#updateCount, gathered: this.#gathered, tensors };
  }

  /** Goes on from a state of a trainer of the same specification. Throws `input.state` for another's. */
  async restore({ updates, gathered, tensors }: TrainerState): Promise<void> {
    const views = this.#stateViews(gathered);
    for (const [name, { dims, data }] of views) {
      const saved = tensors.get(name);
      if (saved === undefined || saved.type !== "float32" || saved.dims.join() !== dims.join()) {
        throw inputError(
          "state",
          `The saved training has no "${name}" of ${dims.join("x")} numbers.`,
          "Go on with the settings that the training began with, or begin anew.",
        );
      }
      if (saved.data.length !== data.length) {
        throw inputError("state", `"${name}" of the saved training is cut short.`, "Use a whole checkpoint.");
      }
    }
    for (const [name, { data }] of views) (data as Float32Array).set(tensors.get(name)!.data as Float32Array);
    if (gathered === 0) this.#vectors.get("gradient")!.fill(0);
    this.#updateCount = updates;
    this.#gathered = gathered;
  }

  /** The tensors of a state as views of what the trainer works on. */
  #stateViews(gathered: number): Weights {
    const names = ["weights", ...this.#remembered, ...(gathered > 0 ? ["gradient"] : [])];
    return new Map([
      ...names.flatMap((name) => [...this.#layout.views(this.#vectors.get(name)!, `${name}/`)]),
      ...[...this.#others].map(([name, tensor]): [string, Tensor] => [`weights/${name}`, tensor]),
    ]);
  }

  /** Frees both models; waits for a step under way. */
  async dispose(): Promise<void> {
    await Promise.all([this.#gradients.dispose(), this.#updates.dispose()]);
  }
}

/** 0 or 1 / (1 - rate), addressed by the step so that every step can be drawn by itself. */
function dropoutMasks(inputs: readonly DropoutInput[], seed: number, step: number): Record<string, Tensor> {
  const stream = new RandomStream(seed, "nets.dropout");
  let index = 0;
  const masks = inputs.map(({ name, dims, rate }) => {
    const kept = 1 / (1 - rate);
    const mask = Float32Array.from({ length: elementCount(dims) }, () =>
      stream.uniform(step, index++) < rate ? 0 : kept,
    );
    return [name, floatTensor(mask, dims)];
  });
  return Object.fromEntries(masks);
}

function byteTensor(data: Uint8Array, dims: readonly number[]): Tensor {
  if (data.length !== elementCount(dims)) {
    throw failedError("shape", `A tensor of ${dims.join("x")} cannot hold ${data.length} numbers.`);
  }
  return { type: "uint8", dims, data };
}
