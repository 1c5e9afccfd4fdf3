/** Trained nnU-Net v2 models as nnU-Net leaves them on disk: dataset.json, plans.json, fold_N/checkpoint_final.pth. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { inputError } from "@viscera/core";
import { buildNetwork, matchWeights, type Network } from "@viscera/nets";
import { type NnUnetDataset, type NnUnetPlan, readNnUnetDataset, readPlan } from "../nnunet/index.js";
import { parseModelJson, readModelFile, sha256 } from "./files.js";
import { readNnUnetCheckpoint } from "./nnunet-checkpoint.js";
import { foldersIn } from "./stored-folders.js";

/** A fold's number, or "all" for the network trained on every case. */
export type FoldName = number | "all";

export const CHECKPOINT = "checkpoint_final.pth";
/** What nnU-Net trains first and most people want. */
const PREFERRED = "3d_fullres";

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** True for a folder `<trainer>__<plans>__<configuration>`, whatever it is called. */
export async function isTrainedFolder(folder: string): Promise<boolean> {
  const both = await Promise.all(["plans.json", "dataset.json"].map((name) => isFile(join(folder, name))));
  return both.every(Boolean);
}

/** Trained models in a folder: itself, or those right below it. */
export async function trainedFolders(folder: string): Promise<string[]> {
  if (await isTrainedFolder(folder)) return [folder];
  const below = await foldersIn(folder);
  const trained = await Promise.all(below.map(isTrainedFolder));
  return below.filter((_, i) => trained[i]);
}

/**
 * The trained model meant by a folder and what was asked for of it (a configuration or a folder's name).
 * Throws `input.model` where it is not plain which one.
 */
export async function chooseTrained(folder: string, asked: string | null): Promise<string> {
  const all = await trainedFolders(folder);
  const names = all.map((path) => basename(path));
  const wanted = (name: string) => all.filter((_, i) => names[i] === name || names[i]!.endsWith(`__${name}`));
  if (all.length === 1 && asked === null) return all[0]!;
  const [first, second] = wanted(asked ?? PREFERRED);
  if (first && !second) return first;
  throw inputError(
    "model",
    asked === null || second
      ? `The folder ${folder} holds several trained models: ${names.join(", ")}.`
      : `The folder ${folder} holds no trained model ${asked}; it holds ${names.join(", ")}.`,
    "Give the folder of one of them.",
  );
}

/** A fold's checkpoint file. */
export interface FoldFile {
  fold: FoldName;
  path: string;
}

/**
 * Checkpoints of the folds asked for; without a choice of all folds that are there, of "all" where there is
 * nothing else, as nnU-Net has it. Throws `input.missing` naming what lacks.
 */
export async function foldFiles(folder: string, asked: readonly FoldName[] | null): Promise<FoldFile[]> {
  const entries = await readdir(folder);
  const present: FoldFile[] = [];
  for (const name of entries.sort()) {
    const match = /^fold_(\d+|all)$/.exec(name);
    const path = join(folder, name, CHECKPOINT);
    if (!match || !(await isFile(path))) continue;
    present.push({ fold: match[1] === "all" ? "all" : Number(match[1]), path });
  }
  const there = present.map(({ fold }) => fold).join(", ");
  const numbered = present.filter(({ fold }) => fold !== "all");
  const chosen = asked
    ? asked.map((fold) => present.find((file) => file.fold === fold) ?? missing(folder, fold, there))
    : numbered.length > 0
      ? numbered
      : present;
  if (chosen.length === 0) {
    throw inputError(
      "missing",
      `The nnU-Net model in ${folder} has no weights: no folder fold_0 to fold_4 with a ${CHECKPOINT}.`,
      "Copy the whole folder of the trained model.",
    );
  }
  return chosen;
}

function missing(folder: string, fold: FoldName, there: string): never {
  throw inputError(
    "missing",
    `The nnU-Net model in ${folder} has no fold ${fold}${there ? `; it has ${there}` : ""}.`,
    "Ask for folds that are there, or copy the whole folder of the trained model.",
  );
}

/** What a trained model's folder says; its weights have been read and fit, but are not kept. */
export interface TrainedNnUnet {
  folder: string;
  plan: NnUnetPlan;
  dataset: NnUnetDataset;
  datasetName: string;
  network: Network;
  folds: FoldFile[];
  /** Of the folds' checkpoints, one after the other. */
  sha256: string;
  /** Axes of the tile along which the network may be mirrored. */
  mirrorAxes: readonly number[];
  warnings: string[];
}

/**
 * Reads a trained model and checks that its weights fit its plans. Throws `input.plans`, `input.dataset`,
 * `input.architecture`, `input.missing`, `input.weights`, and what reading a checkpoint throws.
 */
export async function readTrained(folder: string, asked: readonly FoldName[] | null): Promise<TrainedNnUnet> {
  const read = async (name: string) => {
    const path = join(folder, name);
    return parseModelJson(await readModelFile(path), path);
  };
  const dataset = readNnUnetDataset(await read("dataset.json"), join(folder, "dataset.json"));
  const plans = await read("plans.json");
  const folds = await foldFiles(folder, asked);
  const [first, ...others] = folds as [FoldFile, ...FoldFile[]];
  const bytes = await readModelFile(first.path);
  const checkpoint = readNnUnetCheckpoint(bytes, first.path);
  const plan = readPlan(plans, checkpoint.configuration, join(folder, "plans.json"));
  if (plan.normalisation.length !== dataset.channels.length) {
    throw inputError(
      "plans",
      `The plans in ${folder} prepare ${plan.normalisation.length} channels, but its dataset.json has ${dataset.channels.length}.`,
      "Take the plans.json and the dataset.json that were written with the model.",
    );
  }
  const network = buildNetwork(plan.architecture.kind, {
    ...plan.architecture.options,
    input_channels: dataset.channels.length,
    num_classes: dataset.heads,
  });
  matchWeights(network, checkpoint.weights);
  const hashes = [sha256(bytes)];
  for (const { path } of others) {
    const more = await readModelFile(path);
    matchWeights(network, readNnUnetCheckpoint(more, path).weights);
    hashes.push(sha256(more));
  }
  const { dataset_name: name } = plans as { dataset_name?: unknown };
  return {
    folder,
    plan,
    dataset,
    datasetName: typeof name === "string" ? name : basename(folder),
    network,
    folds,
    sha256: combined(hashes),
    mirrorAxes: checkpoint.mirrorAxes,
    warnings: await warningsOf(folder, dataset),
  };
}

/** One SHA-256 for several: of their text, one a line. */
export function combined(hashes: readonly string[]): string {
  return hashes.length === 1 ? hashes[0]! : sha256(new TextEncoder().encode(hashes.join("\n")));
}

async function warningsOf(folder: string, { regionLabels, names }: NnUnetDataset): Promise<string[]> {
  const warnings: string[] = [];
  const places = [folder, ...(await foldersIn(folder)).filter((path) => /crossval_results/.test(path))];
  for (const place of places) {
    if (!(await isFile(join(place, "postprocessing.pkl")))) continue;
    warnings.push(
      "The model's postprocessing.pkl is not applied: it is a Python program, as nnU-Net's prediction leaves it too.",
    );
    break;
  }
  if (regionLabels) {
    const order = [...names.values()].join(", ");
    warnings.push(
      `The model finds nested regions (${order}); a voxel gets the label of the last of them that it lies in.`,
    );
  }
  return warnings;
}
