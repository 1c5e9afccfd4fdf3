/** From a model and a data set to a model that knows the data set's labels. */
import { inputError, type ModelFile, type Size3, usageError, type Vec3 } from "@viscera/core";
import { deepSupervisionWeights, type Network, valueDims, type Weights } from "@viscera/nets";
import {
  type AugmentationPreset,
  type Fingerprint,
  planTraining,
  type TrainingDataset,
  type TrainingPlan,
} from "../../../training/data/index.js";
import {
  ADAPTER_A,
  ADAPTER_B,
  ADAPTER_RANK,
  classMap,
  type FinetuneMode,
  finetuneSettings,
  layerwiseRates,
  mergeAdapters,
  networkFor,
  stagesOf,
  transferWeights,
  withAdapters,
  withAdapterWeights,
} from "../../../training/finetune/index.js";
import type { LearntNetwork } from "../../formats/format.js";
import { parametersOf } from "./run-training.js";
import {
  chooseFold,
  DEFAULT_MINUTES,
  type TrainedModel,
  type TrainingMethod,
  type TrainingOptions,
  trainOn,
} from "./train-model.js";
import type { TrainingRecipe } from "./train-network.js";

export interface FinetuneOptions extends TrainingOptions {
  /** Default full. */
  mode?: FinetuneMode;
  /** Channels of the narrow layers of `adapter`; default 8. */
  rank?: number;
  /** Factor of the learning rate from stage to stage away from the head; default by the mode. */
  decay?: number;
  /** Default 2. */
  batch?: number;
  /** Default the base's, made smaller where the data or the memory ask for it. */
  patch?: Size3;
  /** Default the base's, or the data's where they are much finer. */
  spacingMm?: Vec3;
  augmentation?: AugmentationPreset;
  /** Most memory of a training step: the base's patch is made smaller to keep to it. Default 6e9. */
  memoryBytes?: number;
}

const DEFAULT_MEMORY = 6e9;
const DEFAULT_BATCH = 2;
/** Weights that learnt something wait until the head has found its way. */
const WARM_UP = 0.1;
/** Bytes a number of a layer's result costs in a step, and a parameter: value, gradient, moments and copies. */
const BYTES_PER_VALUE = 12;
const BYTES_PER_PARAMETER = 36;

/**
 * Trains a model further on a data set, with a new head for its labels: those the base knows by name keep their
 * outputs at the start. Goes on like `trainModel`. Throws `usage`, `input.architecture`, `input.base`, what reading the
 * data throws, `cancelled`, `failed.diverged`.
 */
export async function finetuneModel(
  base: LearntNetwork,
  dataset: TrainingDataset,
  options: FinetuneOptions,
): Promise<TrainedModel> {
  const { training } = chooseFold(dataset, options, options.seed ?? 1);
  const settings = finetuneSettings(training.length, options.mode);
  const { mode } = settings;
  const rank = options.rank ?? ADAPTER_RANK;
  if (!(Number.isInteger(rank) && rank >= 1)) {
    throw usageError(`Adapters of rank ${rank} are not possible.`, "Give a whole number from 1 on.");
  }
  const decay = options.decay ?? settings.decay;
  const { description } = base;
  const kept = classMap(description.labels, dataset.labels);
  if (description.labels.some(({ id }) => id >= base.network.classes)) {
    throw inputError(
      "base",
      `The model "${description.name}" has ${base.network.classes} outputs, which are not background and one a label.`,
      "Give another model, or train from scratch with `viscera train`.",
    );
  }
  const channels = Math.max(1, dataset.channels.length);
  const network = networkFor(base.network, { classes: dataset.labels.length + 1, channels });
  const budget =
    options.budget ?? (settings.steps === null ? { minutes: DEFAULT_MINUTES } : { steps: settings.steps });
  const method: TrainingMethod = {
    settings: {
      base: description.sha256,
      mode,
      rank: mode === "adapter" ? rank : null,
      "decay of learning rates": decay,
      batch: options.batch ?? null,
      patch: options.patch ?? null,
      spacing: options.spacingMm ?? null,
      augmentation: options.augmentation ?? null,
    },
    plan: (fingerprint) => finetunePlan(fingerprint, base, network, options, settings.augmentation),
    recipe: (_, seed) => {
      const weights = transferWeights(base.network, base.weights, network, kept, seed);
      const rates = {
        optimiser: { kind: "adamw", weightDecay: 0.01 } as const,
        learningRate: options.learningRate ?? settings.learningRate,
        warmUp: WARM_UP,
        learningRateScale: layerwiseRates(network, decay),
      };
      return mode === "adapter"
        ? adapterRecipe(network, weights, rank, seed, rates)
        : { network, weights, ...rates, ...(mode === "decoder" ? { trainable: decoderOnly(network) } : {}) };
    },
    base: {
      name: description.name,
      version: description.version,
      licence: description.licence,
      commercialUse: description.commercialUse,
    },
    facts: [
      ["Began from", `${description.name} ${description.version}`],
      ["Trained", TRAINED[mode](rank)],
      ["Labels kept", keptText(dataset, kept)],
      ["Optimiser", `AdamW, learning rates times ${decay} from stage to stage away from the head`],
    ],
  };
  return trainOn(dataset, { ...options, budget }, method);
}

const TRAINED: Record<FinetuneMode, (rank: number) => string> = {
  full: () => "all weights",
  decoder: () => "the decoder and the head",
  adapter: (rank) => `adapters of rank ${rank}, normalisation and the head; merged into the weights`,
};

function keptText({ labels }: TrainingDataset, kept: readonly (number | null)[]): string {
  const names = labels.filter(({ id }) => kept[id] !== null).map(({ name }) => name);
  return names.length === 0 ? "none" : names.join(", ");
}

function decoderOnly(network: Network): (name: string) => boolean {
  const { stageOf, decoderStart, head } = stagesOf(network);
  return (name) => head.has(name) || (stageOf.get(name) ?? 0) >= decoderStart;
}

/** Only adapters, normalisation and the head are trained; what is kept has the adapters in its weights. */
function adapterRecipe(
  network: Network,
  weights: Weights,
  rank: number,
  seed: number,
  rates: Pick<TrainingRecipe, "optimiser" | "learningRate" | "warmUp" | "learningRateScale">,
): TrainingRecipe {
  const adapted = withAdapters(network, rank);
  const { head } = stagesOf(network);
  const norms = new Set(
    network.parameters.flatMap(({ name, role }) =>
      role === "normScale" || role === "normShift" ? [name] : [],
    ),
  );
  const isAdapter = (name: string) => name.endsWith(ADAPTER_A) || name.endsWith(ADAPTER_B);
  return {
    network: adapted,
    weights: withAdapterWeights(adapted, weights, seed),
    ...rates,
    trainable: (name) => isAdapter(name) || head.has(name) || norms.has(name),
    finish: (trained) => ({ network, weights: mergeAdapters(network, trained) }),
  };
}

/** A spacing of the data that is this many times finer than the base's is kept: the base would not see enough. */
const FINER = 1.5;

/**
 * The base's way of seeing scans, with the data set's labels and what training needs besides. Where the data are
 * much finer than the base's grid, their own spacing is taken; where they are no CT, z-scores instead of a CT's window;
 * and a patch is no larger than the data need.
 */
export function finetunePlan(
  fingerprint: Fingerprint,
  { description }: LearntNetwork,
  network: Network,
  options: FinetuneOptions,
  augmentation: AugmentationPreset,
): TrainingPlan {
  const { input } = description;
  const batch = options.batch ?? DEFAULT_BATCH;
  const own = planTraining(fingerprint, { batch }).input;
  const isFiner = input.spacingMm?.some((mm, axis) => mm > FINER * own.spacingMm![axis]!) ?? false;
  const spacingMm = options.spacingMm ?? (isFiner ? own.spacingMm : input.spacingMm);
  const isCt = fingerprint.modality.length === 0 || fingerprint.modality.includes("CT");
  const normalisation =
    input.normalisation.kind === "ct" && !isCt ? { kind: "zscore" as const } : input.normalisation;
  const common = {
    batch,
    normalisation,
    augmentation: options.augmentation ?? augmentation,
    ...(spacingMm ? { spacingMm } : {}),
  };
  const needed = planTraining(fingerprint, common).input.patch!;
  const memory = options.memoryBytes ?? DEFAULT_MEMORY;
  const limit = needed.map((n, axis) => Math.min(n, input.patch?.[axis] ?? n)) as unknown as Size3;
  const patch = options.patch
    ? widened(options.patch, network)
    : fittingPatch(widened(limit, network), network, batch, memory);
  const planned = planTraining(fingerprint, { ...common, patch });
  const modality = planned.input.modality.length > 0 ? planned.input.modality : input.modality;
  const { mirror } = planned.augmentation;
  return {
    ...planned,
    // What the base never saw mirrored is not mirrored now.
    augmentation: {
      ...planned.augmentation,
      mirror: { ...mirror, axes: mirror.axes.filter((axis) => input.mirrorAxes.includes(axis)) },
    },
    input: {
      ...input,
      modality,
      normalisation,
      patch: [...patch] as ModelFile["input"]["patch"],
      spacingMm: spacingMm && ([...spacingMm] as ModelFile["input"]["spacingMm"]),
    },
    architecture: { kind: network.kind, options: network.options },
    deepSupervisionWeights: deepSupervisionWeights(network.outputs.length),
    cost: { ...planned.cost, parameters: parametersOf(network) },
  };
}

/** A patch [x, y, z] of extents that the network's strides divide. */
function widened(patch: Size3, { multipleOf, extents }: Network): Size3 {
  if (extents) return [...extents].reverse() as unknown as Size3;
  const steps = [...multipleOf].reverse();
  return patch.map((n, axis) => steps[axis]! * Math.ceil(n / steps[axis]!)) as unknown as Size3;
}

/** The patch, its longest edge shortened until a step fits into the memory. Throws `input.base` where none does. */
function fittingPatch(patch: Size3, network: Network, batch: number, memoryBytes: number): Size3 {
  const steps = [...network.multipleOf].reverse();
  let fitting = patch;
  for (;;) {
    const dims = valueDims(network, batch, [...fitting].reverse());
    const values = dims.reduce((sum, shape) => sum + shape.reduce((product, n) => product * n, 1), 0);
    if (BYTES_PER_VALUE * values + BYTES_PER_PARAMETER * parametersOf(network) <= memoryBytes) return fitting;
    const longest = fitting.indexOf(Math.max(...fitting));
    const shorter = fitting.map((n, axis) => (axis === longest ? n - steps[axis]! : n));
    if (network.extents || shorter[longest]! <= 0) {
      throw inputError(
        "base",
        `Training this ${network.kind} takes more than ${(memoryBytes / 1e9).toFixed(1)} GB for any patch.`,
        "Take a smaller base, or --batch 1.",
      );
    }
    fitting = shorter as unknown as Size3;
  }
}
