/** dataset.json of nnU-Net v2: channels and labels; and labels from a network's scores. */
import { inputError } from "@viscera/core";
import { z } from "zod";

export interface NnUnetDataset {
  /** What the channels are, in order. */
  channels: string[];
  /** Outputs of the network: classes (background the first), or regions. */
  heads: number;
  /** For regions the label that each output writes, later ones over earlier; null for classes. */
  regionLabels: readonly number[] | null;
  /** Structures by the label they have in the result. */
  names: ReadonlyMap<number, string>;
}

const labelValue = z.union([z.int().nonnegative(), z.array(z.int().nonnegative()).min(1)]);
const datasetSchema = z.object({
  channel_names: z.record(z.string(), z.string()).optional(),
  /** Older name of the same. */
  modality: z.record(z.string(), z.string()).optional(),
  labels: z.record(z.string(), labelValue),
  regions_class_order: z.array(z.int().positive()).nullish(),
});

/** Channels and labels of a dataset.json. The label "ignore" has no output. Throws `input.dataset`. */
export function readNnUnetDataset(json: unknown, where = "dataset.json"): NnUnetDataset {
  const refuse = (reason: string): never => {
    throw inputError(
      "dataset",
      `${where} ${reason}`,
      "Take the dataset.json that was written with the model.",
    );
  };
  const result = datasetSchema.safeParse(json);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    return refuse(`is not as nnU-Net writes it: ${path.join(".")}: ${message}.`);
  }
  const { labels, regions_class_order: regionOrder, channel_names, modality } = result.data;
  const channels = channel_names ?? modality ?? refuse("names no channels.");
  if (labels["background"] !== 0) refuse("has no label background of the value 0.");
  const structures = Object.entries(labels).filter(
    ([name, value]) => name !== "ignore" && ![value].flat().every((v) => v === 0),
  );
  const numbered = (index: number) => channels[String(index)] ?? refuse(`names no channel ${index}.`);
  const channelNames = Object.keys(channels).map((_, index) => numbered(index));
  if (Object.values(labels).some((value) => Array.isArray(value) && value.length > 1)) {
    if (regionOrder?.length !== structures.length) {
      return refuse(
        `has ${structures.length} regions and ${regionOrder?.length ?? 0} entries in regions_class_order.`,
      );
    }
    return {
      channels: channelNames,
      heads: structures.length,
      regionLabels: regionOrder,
      names: new Map(structures.map(([name], head) => [regionOrder[head]!, name])),
    };
  }
  const names = new Map(structures.map(([name, value]) => [[value].flat()[0]!, name]));
  const values = [...names.keys()].sort((a, b) => a - b);
  if (values.some((value, index) => value !== index + 1) || names.size !== structures.length) {
    return refuse(`has labels that are not numbered from 1 on without gaps: ${values.join(", ")}.`);
  }
  return { channels: channelNames, heads: names.size + 1, regionLabels: null, names };
}

/** The labels of some voxels and how probable each is. */
export interface VoxelLabels {
  labels: Uint8Array | Uint16Array;
  /** Of the label that was written: softmax, sigmoid for regions; of background 0. */
  probability: Float32Array;
}

/** Scores this far below the best add less than 1e-8 to the sum of a softmax. */
const NEGLIGIBLE = -18.5;

/**
 * Labels of voxels from scores [heads, voxels]: the class of the largest, the first of equals; or each region
 * whose sigmoid is above a half, later regions over earlier ones.
 */
export function labelsOfScores(
  scores: Float32Array,
  voxels: number,
  heads: number,
  regionLabels: readonly number[] | null,
  { labels, probability }: VoxelLabels,
): void {
  if (regionLabels) {
    labels.fill(0);
    probability.fill(0);
    for (let head = 0; head < heads; head++)
      for (let v = 0; v < voxels; v++) {
        const share = 1 / (1 + Math.exp(-scores[head * voxels + v]!));
        if (Math.fround(share) <= 0.5) continue;
        labels[v] = regionLabels[head]!;
        probability[v] = share;
      }
    return;
  }
  labels.fill(0);
  const best = probability;
  best.set(scores.subarray(0, voxels));
  for (let head = 1; head < heads; head++) {
    const at = head * voxels;
    for (let v = 0; v < voxels; v++) {
      const score = scores[at + v]!;
      if (score <= best[v]!) continue;
      best[v] = score;
      labels[v] = head;
    }
  }
  for (let v = 0; v < voxels; v++) {
    if (labels[v] === 0) {
      probability[v] = 0;
      continue;
    }
    const top = best[v]!;
    let sum = 0;
    for (let at = v; at < heads * voxels; at += voxels) {
      const below = scores[at]! - top;
      if (below > NEGLIGIBLE) sum += Math.exp(below);
    }
    probability[v] = 1 / sum;
  }
}
