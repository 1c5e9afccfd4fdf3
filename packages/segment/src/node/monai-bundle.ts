/** MONAI bundles as they are on disk: configs/metadata.json, configs/inference.json and the weights. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { inputError, type ModelFile } from "@viscera/core";
import {
  buildNetwork,
  floatTensor,
  matchWeights,
  type Network,
  readTorchFile,
  type SessionOptions,
  tensorsOf,
  torchEntry,
  type Weights,
} from "@viscera/nets";
import { structureName } from "../label-names.js";
import type { ForeignModel } from "../model.js";
import { type MonaiPlan, readMonaiPlan, segmentLikeMonai, trainingInput } from "../monai/index.js";
import { segmentationOf } from "../segmentation-of.js";
import { parseModelJson, readModelFile, sha256 } from "./files.js";
import type { LearntNetwork } from "./formats/format.js";
import { licenceOf, licenceWarnings } from "./licence.js";
import { NetworkSession } from "./network-session.js";

export const METADATA = join("configs", "metadata.json");
export const INFERENCE = join("configs", "inference.json");

interface Bundle {
  folder: string;
  metadata: Metadata;
  plan: MonaiPlan;
  network: Network;
}

/** What is looked at of metadata.json; every entry may be missing. */
interface Metadata {
  version?: unknown;
  name?: unknown;
  intended_use?: unknown;
  license?: unknown;
  licence?: unknown;
  network_data_format?: {
    inputs?: Record<string, { modality?: unknown; channel_def?: Record<string, unknown> }>;
    outputs?: Record<string, { channel_def?: Record<string, unknown> }>;
  };
}

/** Reads what a bundle says, without its weights. Throws `input.bundle`, `input.architecture`, `input.missing`. */
async function readBundle(folder: string): Promise<Bundle> {
  const files = await readdir(join(folder, "configs"));
  const yaml = files.find((name) => /^inference\.ya?ml$/.test(name));
  if (!files.includes(basename(INFERENCE)) && yaml) {
    throw inputError(
      "bundle",
      `The bundle in ${folder} describes its inference in YAML (${yaml}), which is not read.`,
      "Convert it to configs/inference.json.",
    );
  }
  const read = async (name: string) =>
    parseModelJson(await readModelFile(join(folder, name)), join(folder, name));
  const metadata = await read(METADATA);
  const plan = readMonaiPlan(await read(INFERENCE));
  const network = buildNetwork(plan.architecture.kind, plan.architecture.options);
  if (network.spatialDims !== 3) {
    throw inputError("bundle", `The bundle in ${folder} is for images of ${network.spatialDims} dimensions.`);
  }
  return { folder, metadata: isTable(metadata) ? metadata : {}, plan, network };
}

function isTable(value: unknown): value is Metadata {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Bytes of the weights, and the weights. Throws `input.missing`, `input.torchscript`, `input.weights`. */
async function readWeights({
  folder,
  plan,
  network,
}: Bundle): Promise<{ bytes: Uint8Array; weights: Weights }> {
  const path = join(folder, plan.weights);
  const bytes = await readModelFile(path);
  const checkpoint = readTorchFile(bytes, path);
  // Trainers save the network's dictionary beside others under one of these names.
  const key = ["model", "state_dict", "network"].find((name) => torchEntry(checkpoint, name) instanceof Map);
  const tensors = key === undefined ? tensorsOf(checkpoint) : tensorsOf(checkpoint, key);
  return { bytes, weights: matchWeights(network, tensors) };
}

/** The weights' file within the bundle. */
export async function bundleWeights(folder: string): Promise<string> {
  return (await readBundle(folder)).plan.weights;
}

export async function describeBundle(folder: string): Promise<ModelFile> {
  const bundle = await readBundle(folder);
  return description(bundle, sha256(await readModelFile(join(folder, bundle.plan.weights))));
}

async function description({ folder, metadata, plan, network }: Bundle, hash: string): Promise<ModelFile> {
  const image = Object.values(metadata.network_data_format?.inputs ?? {})[0];
  const text = (value: unknown) => (typeof value === "string" && value.trim() !== "" ? value.trim() : null);
  const orientation = plan.preparation.find((step) => step.kind === "orientation");
  const spacing = plan.preparation.find((step) => step.kind === "spacing")?.spacingMm;
  const stated = text(metadata.license) ?? text(metadata.licence);
  return {
    schema: 1,
    name: structureName(basename(folder)) || "monai_bundle",
    version: text(metadata.version) ?? hash.slice(0, 8),
    architecture: plan.architecture,
    weights: basename(plan.weights),
    input: {
      modality: modalityOf(text(image?.modality)),
      orientation: orientation?.code ?? "RAS",
      spacingMm: positive(spacing),
      patch: positive(plan.windows.size),
      normalisation: { kind: "none" },
      conform: null,
      overlap: Math.min(0.95, plan.windows.overlap[0]!),
      haloVoxels: null,
      mirrorAxes: [],
    },
    labels: labelsOf(metadata, network.classes),
    ...(stated && !(await hasLicenceFile(folder))
      ? { licence: stated, commercialUse: /^(apache|mit|bsd|cc0|cc[- ]by[- ]\d)/i.test(stated) }
      : await licenceOf(folder)),
    card: null,
    sha256: hash,
  };
}

async function hasLicenceFile(folder: string): Promise<boolean> {
  return (await readdir(folder)).some((name) => /^licen[cs]e(\.\w+)?$/i.test(name));
}

function positive(values: readonly (number | null)[] | undefined): [number, number, number] | null {
  const [x, y, z] = values ?? [];
  return x && y && z && x > 0 && y > 0 && z > 0 ? [x, y, z] : null;
}

function modalityOf(text: string | null): string[] {
  if (text === null) return [];
  if (/^ct\b/i.test(text)) return ["CT"];
  return /^mr/i.test(text) ? ["MR"] : [];
}

/** Names of the classes from the metadata's channel_def; channel 0 is the background unless it is the only one. */
function labelsOf(metadata: Metadata, classes: number): ModelFile["labels"] {
  const outputs = metadata.network_data_format?.outputs ?? {};
  const names = (outputs["pred"] ?? Object.values(outputs)[0])?.channel_def ?? {};
  const first = classes === 1 ? 0 : 1;
  const taken = new Set<string>();
  return Array.from({ length: classes - first }, (_, i) => {
    const given = structureName(String(names[String(i + first)] ?? ""));
    const name = given === "" || taken.has(given) ? `structure_${i + 1}` : given;
    taken.add(name);
    return { id: i + 1, name, snomed: null };
  });
}

/** Opens a bundle as a model that prepares, tiles and decides as MONAI does. */
export async function openBundle(folder: string, options: SessionOptions): Promise<ForeignModel> {
  const bundle = await readBundle(folder);
  const { plan, network, metadata } = bundle;
  const { bytes, weights } = await readWeights(bundle);
  const file = await description(bundle, sha256(bytes));
  const session = await NetworkSession.open(network, [weights], tensorPatch(plan), options);
  const channels = Object.values(
    Object.values(metadata.network_data_format?.inputs ?? {})[0]?.channel_def ?? {},
  );
  return {
    description: file,
    channels: network.channels,
    channelNames: channels.length === network.channels ? channels.map(String) : [],
    classes: Math.max(2, network.classes),
    warnings: [
      ...licenceWarnings(file.name, file.licence, file.commercialUse),
      ...(await dataLicenceWarnings(folder, file.name)),
      ...(typeof metadata.intended_use === "string"
        ? [`"${file.name}": ${metadata.intended_use.trim()}`]
        : []),
      ...plan.warnings,
    ],
    segment: async (volumes, choice) => {
      const score = async (window: Float32Array, size: readonly number[]) => {
        const input = floatTensor(window, [1, network.channels, ...[...size].reverse()]);
        const { scores } = await session.run({ input }, choice.signal ? { signal: choice.signal } : {});
        return scores!.data as Float32Array;
      };
      return segmentationOf(volumes[0]!, file, await segmentLikeMonai(volumes, plan, score, choice));
    },
    dispose: () => session.dispose(),
  };
}

/** The network, for training on. Throws `input.base` where its scans are prepared in a way that training here has not. */
export async function learntBundle(folder: string): Promise<LearntNetwork> {
  const bundle = await readBundle(folder);
  const { bytes, weights } = await readWeights(bundle);
  const described = await description(bundle, sha256(bytes));
  const input = trainingInput(bundle.plan, described.input);
  if (typeof input === "string") {
    throw inputError(
      "base",
      `The bundle in ${folder} ${input}; it cannot be trained further here.`,
      "Give another model, or train from scratch with `viscera train`.",
    );
  }
  return { description: { ...described, input }, network: bundle.network, weights };
}

/** The windows' size with the fastest axis of the tensor first, where the bundle fixes it. */
function tensorPatch({ windows }: MonaiPlan): [number, number, number] | null {
  return positive([...windows.size].reverse());
}

/** Bundles keep the licence of their training data apart from that of the code. */
async function dataLicenceWarnings(folder: string, name: string): Promise<string[]> {
  const found = await stat(join(folder, "docs", "data_license.txt")).catch(() => null);
  return found?.isFile()
    ? [
        `The data that "${name}" was trained on have a licence of their own: see docs/data_license.txt of the bundle.`,
      ]
    : [];
}
