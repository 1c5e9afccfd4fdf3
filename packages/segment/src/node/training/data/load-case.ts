/** A case as its files hold it, checked against the data set's table. */
import {
  type Grid,
  inputError,
  type JobOptions,
  type LabelArray,
  sameGrid,
  spacingOf,
  type Volume,
} from "@viscera/core";
import { readScan } from "@viscera/scan/node";
import { classOfValue, type TrainingCase, type TrainingDataset } from "../../../training/data/index.js";
import { shortList } from "./description.js";
import { readLabelImage, valuesOf } from "./label-image.js";

export interface LoadedCase {
  /** One a channel, on the grid of `labels`; none where images are made from labels. */
  images: Volume[];
  /** Classes where there are images; else the label map's own values, up to 65535. */
  labels: Grid & { data: Uint8Array | Uint16Array };
  warnings: string[];
}

/** Voxels by which the headers of image and labels may disagree. */
const SLACK_VOXELS = 0.05;
/** Relative difference of spacings that is no rounding. */
const SPACING_TOLERANCE = 0.01;

/**
 * Reads a case. Throws `input.grid` where image and labels differ in size or spacing, `input.label-value` for
 * values without a class, and what reading throws.
 */
export async function loadCase(
  dataset: TrainingDataset,
  entry: TrainingCase,
  options: JobOptions = {},
): Promise<LoadedCase> {
  const labels = await readLabelImage(entry.labels, options);
  if (entry.synthesis !== null) {
    const allowed = new Set(entry.synthesis.tissues.flatMap(({ values }) => values));
    checkValues(labels.data, allowed, entry, "the table of tissues");
    const { data } = labels;
    return { images: [], labels: { ...labels, data: narrow(data) }, warnings: [] };
  }
  const warnings: string[] = [];
  const images: Volume[] = [];
  for (const path of entry.images) {
    const scan = await readScan(path, options.signal ? { signal: options.signal } : {});
    if (scan.colour !== null) throw inputError("colour", `${path} is a colour image.`, "Give grey values.");
    const first = images[0] ?? labels;
    warnings.push(
      ...checkGrids(first, scan.volume, images.length > 0 ? entry.images[0]! : entry.labels, path),
    );
    images.push(images.length > 0 ? { ...scan.volume, affine: images[0]!.affine } : scan.volume);
  }
  const data = classesOf(labels.data, dataset, entry);
  return { images, labels: { size: labels.size, affine: images[0]!.affine, data }, warnings };
}

const narrow = (data: LabelArray) => (data instanceof Uint32Array ? Uint16Array.from(data) : data);

function checkGrids(a: Grid, b: Grid, aPath: string, bPath: string): string[] {
  if (a.size.some((n, axis) => n !== b.size[axis])) {
    throw inputError(
      "grid",
      `${aPath} has ${a.size.join(" x ")} voxels, but ${bPath} has ${b.size.join(" x ")}.`,
      "Images and labels of a case have one grid: resample one of them.",
    );
  }
  const spacing = spacingOf(b.affine);
  if (sameGrid(a, b, SLACK_VOXELS * Math.min(...spacing))) return [];
  if (spacingOf(a.affine).some((s, axis) => Math.abs(s / spacing[axis]! - 1) > SPACING_TOLERANCE)) {
    throw inputError(
      "grid",
      `The voxels of ${aPath} measure ${spacingOf(a.affine).map(short).join(" x ")} mm, those of ${bPath} ${spacing.map(short).join(" x ")} mm.`,
      "Images and labels of a case have one grid: mend the wrong header, or resample one of them.",
    );
  }
  return [
    `The headers of ${aPath} and ${bPath} place them differently; they were taken to lie voxel on voxel, where the image's header says.`,
  ];
}

const short = (value: number) => Number(value.toPrecision(4));

function checkValues(data: LabelArray, allowed: Set<number>, entry: TrainingCase, table: string): void {
  const unknown = valuesOf(data).filter((value) => !allowed.has(value));
  if (unknown.length === 0) return;
  throw inputError(
    "label-value",
    `${entry.labels} holds the ${unknown.length === 1 ? "value" : "values"} ${shortList(unknown.map(String))}, which ${table} does not name.`,
    "Add them to the table, or correct the labels.",
  );
}

function classesOf(data: LabelArray, dataset: TrainingDataset, entry: TrainingCase): Uint8Array {
  const classes = classOfValue(dataset);
  checkValues(data, new Set(classes.keys()), entry, "the table of labels");
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) if (data[i] !== 0) out[i] = classes.get(data[i]!)!;
  return out;
}
