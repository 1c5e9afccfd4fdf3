/** What a training data set is, whatever form it came in. */
import type { SynthesisTable } from "../../synthesis/index.js";

/** One patient. Paths are absolute. */
export interface TrainingCase {
  id: string;
  /** One image a channel; none where images are made from the labels (`synthesis`). */
  images: string[];
  labels: string;
  /** Classes that were annotated in this case, background (0) left out; null: all of them. */
  known: number[] | null;
  /** How images are made of this case's labels; null for a case with images. */
  synthesis: SynthesisTable | null;
}

/** A class of the network. */
export interface TrainingLabel {
  /** The class: 1, 2, ... without gaps. */
  id: number;
  name: string;
  /** Values of the label images that belong to it. */
  values: number[];
}

export interface TrainingDataset {
  name: string;
  /** Folder of the file that describes it. */
  folder: string;
  /** DICOM modality ("CT", "MR"); empty where nobody says. */
  modality: string[];
  /** Name of each input channel. */
  channels: string[];
  labels: TrainingLabel[];
  /** Value of voxels that count in no loss; null when there is none. */
  ignoreLabel: number | null;
  cases: TrainingCase[];
  licence: string | null;
  /** How images are made of labels in cases without images and without a table of their own. */
  synthesis: SynthesisTable | null;
  warnings: string[];
}

/** Target of a voxel that counts in no loss. */
export const IGNORED_VOXEL = 255;

/** Most classes besides background: a target is a byte, and 255 is `IGNORED_VOXEL`. */
export const MOST_CLASSES = 254;

/** Class of each label value: `IGNORED_VOXEL` for the ignored one; values that are not in it are not allowed. */
export function classOfValue({
  labels,
  ignoreLabel,
}: Pick<TrainingDataset, "labels" | "ignoreLabel">): Map<number, number> {
  const classes = new Map([[0, 0]]);
  for (const { id, values } of labels) for (const value of values) classes.set(value, id);
  if (ignoreLabel !== null) classes.set(ignoreLabel, IGNORED_VOXEL);
  return classes;
}
