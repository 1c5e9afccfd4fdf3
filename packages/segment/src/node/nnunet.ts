/** nnU-Net v2 models run as they are: their folder opened as a model. */
import { inputError, type ModelFile } from "@viscera/core";
import {
  floatTensor,
  inferenceModel,
  matchWeights,
  type Network,
  type Session,
  type SessionOptions,
} from "@viscera/nets";
import { openSession, runtimeBlock } from "@viscera/nets/node";
import type { ForeignModel } from "../model.js";
import { type NnUnet, type OpenFold, segmentLikeNnUnet } from "../nnunet/index.js";
import { segmentationOf } from "../segmentation-of.js";
import { readModelFile } from "./files.js";
import type { LearntNetwork } from "./formats/format.js";
import { licenceOf, licenceWarnings } from "./licence.js";
import { readNnUnetCheckpoint } from "./nnunet-checkpoint.js";
import { type FoldFile, type FoldName, readTrained, type TrainedNnUnet } from "./nnunet-folder.js";

/** A trained model whose networks open when they are needed. */
export interface NnUnetNetworks {
  model: NnUnet;
  /** Closes what stayed open. */
  close(): Promise<void>;
}

export function nnUnetNetworks(trained: TrainedNnUnet, options: SessionOptions): NnUnetNetworks {
  const { plan, dataset, mirrorAxes, network, folds } = trained;
  // The only fold stays open for the next scan; several would hold their memory at once.
  let kept: Promise<Session> | undefined;
  const openers = folds.map((file) => async (signal?: AbortSignal): Promise<OpenFold> => {
    const opening = kept ?? openFold(file, network, plan.patch, options);
    if (folds.length === 1) kept = opening;
    const session = await opening;
    return {
      score: async (window) => {
        const input = floatTensor(window, [1, network.channels, ...plan.patch]);
        const { scores } = await session.run({ input }, signal ? { signal } : {});
        return scores!.data as Float32Array;
      },
      close: async () => {
        if (!kept) await session.dispose();
      },
    };
  });
  return {
    model: { plan, dataset, mirrorAxes, folds: openers },
    close: async () => {
      // A network that did not open has been reported to who asked for it.
      const session = await kept?.catch(() => undefined);
      kept = undefined;
      await session?.dispose();
    },
  };
}

async function openFold(
  { path }: FoldFile,
  network: Network,
  patch: readonly number[],
  options: SessionOptions,
): Promise<Session> {
  const { weights } = readNnUnetCheckpoint(await readModelFile(path), path);
  const block = await runtimeBlock(options);
  return openSession(inferenceModel(network, matchWeights(network, weights), { patch, block }), options);
}

/** Opens a trained model's folder as a model. */
export async function openNnUnet(
  folder: string,
  folds: readonly FoldName[] | null,
  options: SessionOptions,
): Promise<ForeignModel> {
  const trained = await readTrained(folder, folds);
  const { model, close } = nnUnetNetworks(trained, options);
  const description = await describeTrained(trained);
  const { name, licence, commercialUse } = description;
  return {
    description,
    channels: model.dataset.channels.length,
    channelNames: model.dataset.channels,
    classes: model.dataset.heads,
    warnings: [...licenceWarnings(name, licence, commercialUse), ...trained.warnings],
    segment: async (volumes, choice) =>
      segmentationOf(volumes[0]!, description, await segmentLikeNnUnet(volumes, model, choice)),
    dispose: close,
  };
}

/** The first fold's network, for training on. Throws `input.base` for one that sees scans in another way than here. */
export async function learntNnUnet(folder: string): Promise<LearntNetwork> {
  const trained = await readTrained(folder, null);
  const { plan, dataset, network, folds } = trained;
  const obstacle =
    plan.patch.length !== 3
      ? "is for slices, not volumes"
      : plan.transposeForward.some((from, axis) => from !== axis)
        ? "sees the axes of a scan in another order"
        : dataset.regionLabels
          ? "finds nested regions"
          : null;
  if (obstacle !== null) {
    throw inputError(
      "base",
      `The nnU-Net model in ${folder} ${obstacle}; it cannot be trained further here.`,
      "Give another model, or train from scratch with `viscera train`.",
    );
  }
  const { path } = folds[0]!;
  const { weights } = readNnUnetCheckpoint(await readModelFile(path), path);
  return { description: await describeTrained(trained), network, weights: matchWeights(network, weights) };
}

/** What a trained model is, in the terms of a viscera-model.json. */
export async function describeTrained(trained: TrainedNnUnet): Promise<ModelFile> {
  const { plan, dataset, folds, folder, mirrorAxes } = trained;
  const is3d = plan.patch.length === 3;
  const stored = (values: readonly number[]): [number, number, number] | null => {
    if (!is3d) return null;
    const [z, y, x] = [0, 1, 2].map((axis) => values[plan.transposeForward.indexOf(axis as 0 | 1 | 2)]!);
    return [x!, y!, z!];
  };
  return {
    schema: 1,
    name: trained.datasetName.replace(/^[^a-z0-9]+|[^a-z0-9_.-]+/gi, "") || "nnunet",
    version: `${plan.configuration}${folds.length > 1 ? `-${folds.length}-folds` : ""}`,
    architecture: plan.architecture,
    weights: `fold_${folds[0]!.fold}/checkpoint_final.pth`,
    input: {
      modality: modalityOf(trained),
      orientation: "RAS",
      spacingMm: stored(plan.spacing),
      patch: stored(plan.patch),
      normalisation: normalisationOf(trained),
      conform: null,
      overlap: 0.5,
      haloVoxels: null,
      mirrorAxes: is3d ? mirrorAxes.map((axis) => (2 - plan.transposeForward[axis]!) as 0 | 1 | 2) : [],
    },
    labels: [...dataset.names].map(([id, label]) => ({ id, name: label, snomed: null })),
    ...(await licenceOf(folder)),
    card: null,
    sha256: trained.sha256,
  };
}

/** CT where a channel is normalised as one or so called, MR for the usual names of sequences; else not known. */
function modalityOf({ plan, dataset }: TrainedNnUnet): string[] {
  if (plan.normalisation.some(({ kind }) => kind === "CTNormalization")) return ["CT"];
  const names = dataset.channels.map((name) => name.toLowerCase());
  if (names.every((name) => name === "ct")) return ["CT"];
  return names.every((name) => /^(mri?|t1|t2|flair|adc|dwi|pd)([^a-z].*|w|c|gd|ce)?$/.test(name))
    ? ["MR"]
    : [];
}

function normalisationOf({ plan }: TrainedNnUnet): ModelFile["input"]["normalisation"] {
  const [scheme] = plan.normalisation;
  switch (scheme!.kind) {
    case "CTNormalization": {
      const { percentile_00_5: low, percentile_99_5: high, mean, std } = scheme!.properties;
      return { kind: "ct", low, high, mean, sd: Math.max(std, 1e-8) };
    }
    case "ZScoreNormalization":
      return { kind: "zscore" };
    case "RescaleTo01Normalization":
      return { kind: "minmax" };
    default:
      return { kind: "none" };
  }
}
