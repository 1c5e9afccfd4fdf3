/** What a dataset.json says of channels, labels and modality, in the forms of nnU-Net and the Decathlon. */
import { inputError } from "@viscera/core";
import { MOST_CLASSES, type TrainingDataset, type TrainingLabel } from "../../../training/data/index.js";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isLabelValue = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffffffff;

export function datasetError(where: string, message: string, hint: string): Error {
  return inputError("dataset", `${where}: ${message}`, hint);
}

type Labels = Pick<TrainingDataset, "labels" | "ignoreLabel" | "warnings">;

/**
 * The classes of `labels`: `{"0": "background", "1": "liver"}` (Decathlon), `{"background": 0, "liver": 1}`
 * (nnU-Net), a list of values for a label made of several, "ignore" for voxels that count in no loss. Lists that
 * overlap are nnU-Net's regions: each class is what remains of its region once the later ones are painted over
 * it, in `regions_class_order`, which is what nnU-Net's own export writes. Classes are numbered without gaps.
 */
export function readLabelTable(json: JsonObject, where: string): Labels {
  const entries = labelEntries(json["labels"], where);
  const ignored = entries.find(({ name }) => name.toLowerCase() === "ignore");
  const structures = entries.filter((entry) => entry !== ignored && !isBackground(entry));
  if (structures.length === 0) {
    throw datasetError(where, "`labels` names no structure.", 'Give a table such as {"1": "liver"}.');
  }
  const warnings: string[] = [];
  const order = classOrder(json["regions_class_order"], structures, where);
  const owner = new Map<number, number>();
  let overlap = false;
  for (const index of order) {
    for (const value of structures[index]!.values) {
      if (owner.has(value)) {
        overlap = true;
        if (structures.every((s) => s.values.length === 1)) {
          throw datasetError(
            where,
            `\`labels\` gives the value ${value} to "${structures[owner.get(value)!]!.name}" and to "${structures[index]!.name}".`,
            "Give every structure its own value.",
          );
        }
      }
      owner.set(value, index);
    }
  }
  if (ignored?.values.some((value) => owner.has(value))) {
    throw datasetError(
      where,
      'the value of "ignore" is also a structure\'s.',
      "Give the ignored voxels a value of their own.",
    );
  }
  const labels: TrainingLabel[] = [];
  for (const index of order) {
    const { name } = structures[index]!;
    const values = [...owner].filter(([, at]) => at === index).map(([value]) => value);
    if (values.length === 0) {
      throw datasetError(
        where,
        `nothing is left of the region "${name}" once the later regions are painted over it.`,
        "List the regions from the outermost to the innermost.",
      );
    }
    labels.push({ id: labels.length + 1, name, values: values.sort((a, b) => a - b) });
  }
  if (overlap) {
    warnings.push(
      "The regions overlap: each becomes a class of what the later ones leave of it, as nnU-Net writes its results.",
    );
  } else if (labels.some(({ id, values }) => values.length > 1 || values[0] !== id)) {
    const table = labels.map(({ id, values }) => `${values.join("+")} -> ${id}`);
    warnings.push(`Label values were renumbered without gaps: ${shortList(table)}.`);
  }
  if (labels.length > MOST_CLASSES) {
    throw datasetError(where, `${labels.length} labels are too many.`, `Give at most ${MOST_CLASSES}.`);
  }
  return { labels, ignoreLabel: ignored?.values[0] ?? null, warnings };
}

interface LabelEntry {
  name: string;
  values: number[];
}

const isBackground = ({ values }: LabelEntry) => values.length === 1 && values[0] === 0;

function labelEntries(table: Json | undefined, where: string): LabelEntry[] {
  if (!isObject(table)) {
    throw datasetError(
      where,
      "there is no table `labels`.",
      'Add one such as "labels": {"0": "background", "1": "liver"}.',
    );
  }
  return Object.entries(table).map(([key, value]) => {
    if (typeof value === "string" && /^\d{1,10}$/.test(key)) {
      return { name: value.trim(), values: [Number(key)] };
    }
    const values = Array.isArray(value) ? value : [value];
    if (!key.trim() || values.length === 0 || !values.every(isLabelValue)) {
      throw datasetError(
        where,
        `the entry "${key}" of \`labels\` is neither "value": "name" nor "name": value.`,
        "Values are whole numbers of at least 0, or lists of them.",
      );
    }
    return { name: key.trim(), values: [...new Set(values)] };
  });
}

/** Indices of the structures in the order of their classes. */
function classOrder(order: Json | undefined, structures: LabelEntry[], where: string): number[] {
  const indices = [...structures.keys()];
  if (order === undefined || order === null) {
    const regions = structures.some(({ values }) => values.length > 1);
    return regions ? indices : indices.sort((a, b) => structures[a]!.values[0]! - structures[b]!.values[0]!);
  }
  if (!Array.isArray(order) || order.length !== structures.length || !order.every(isLabelValue)) {
    throw datasetError(
      where,
      `\`regions_class_order\` must list ${structures.length} class numbers, one a region.`,
      "Name each region's class, in the order in which the regions are painted.",
    );
  }
  return indices;
}

/** Names of the input channels: `channel_names` or `modality`, `{"0": "CT"}` or `["CT"]` or `"CT"`. */
export function readChannels(json: JsonObject, where: string): string[] {
  const table = json["channel_names"] ?? json["modality"] ?? json["modalities"];
  if (table === undefined || table === null) return ["image"];
  const names =
    typeof table === "string" ? [table] : Array.isArray(table) ? table : channelTable(table, where);
  if (names.length === 0 || !names.every((name) => typeof name === "string")) {
    throw datasetError(
      where,
      "the names of the channels cannot be read.",
      'Give "channel_names": {"0": "CT"}.',
    );
  }
  return names as string[];
}

function channelTable(table: Json, where: string): Json[] {
  if (!isObject(table)) return [];
  const keys = Object.keys(table).sort((a, b) => Number(a) - Number(b));
  if (keys.some((key, i) => Number(key) !== i)) {
    throw datasetError(where, "the channels are not numbered 0, 1, ...", "Number them without gaps.");
  }
  return keys.map((key) => table[key]!);
}

/** DICOM modality that a channel's name stands for; null where it says nothing. */
function modalityOf(channel: string): string | null {
  const name = channel.trim().toUpperCase();
  if (name === "CT") return "CT";
  if (name === "PET" || name === "PT") return "PT";
  return /^(MRI?|(CE)?-?T1\w*|T1-?GD|T2\w*|FLAIR|ADC|DWI|PD)\b/.test(name) ? "MR" : null;
}

export function modalitiesOf(channels: readonly string[]): string[] {
  return [...new Set(channels.map(modalityOf).filter((name) => name !== null))];
}

/** The first few of a list, and how many more there are. */
export function shortList(items: readonly string[], most = 8): string {
  const rest = items.length - most;
  return items.slice(0, most).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
