import {
  failedError,
  inputError,
  type JobOptions,
  type LabelMap,
  type Size3,
  sameGrid,
  spacingOf,
  throwIfCancelled,
  usageError,
  type Volume,
  voxelCount,
} from "@viscera/core";
import { floatTensor, type Tensor } from "@viscera/nets";
import { resampleLabelMap, resampleVolume } from "@viscera/scan";
import { predictBlended } from "./blend.js";
import { type LabelWindow, predictWithHalo } from "./halo.js";
import type { NetworkImage } from "./image.js";
import { checkModality } from "./modality.js";
import type { LoadedModel, NetworkModel } from "./model.js";
import { bestClass, type Prediction, softmaxOf } from "./prediction.js";
import { networkImage } from "./prepare.js";
import { type Familiarity, familiarityWarnings, judgeFamiliarity } from "./quality/familiarity.js";
import { imageFacts } from "./quality/image-facts.js";
import { entropyPercentOfScores, softmaxVoxels } from "./quality/uncertainty.js";
import { segmentationOf } from "./segmentation-of.js";

export interface SegmentOptions extends JobOptions {
  /**
   * "whole" runs the volume in one go; a number is the edge, in voxels, of the windows. Default: the model's
   * own patch, else the largest windows that keep the network within `memoryBytes`.
   */
  window?: "whole" | number;
  /**
   * Test-time mirroring along the axes the model allows: slower, often a little better. Default: off, and on for
   * an nnU-Net model, as nnU-Net has it.
   */
  mirror?: boolean;
  /** How far neighbouring windows are apart, as a share of a window (0 to 1); default: the model's own. */
  stepSize?: number;
  /**
   * About what the network's tensors may take while it runs, bytes; default 4.5e9 (the process takes up to a
   * third more). A larger volume is cut into slabs.
   */
  memoryBytes?: number;
  /** Tell each voxel's uncertainty too; not for models that keep the scores of their classes to themselves. */
  uncertainty?: boolean;
}

/** What a confidence is: the network's own, or what held-out cases have taught about it. */
export type ConfidenceKind = "mean probability" | "expected Dice";

export interface Segmentation {
  /** On the scan's own grid; only structures that occur are in the table. */
  labels: LabelMap;
  /** Of each structure, by label id, 0 to 1. */
  confidence: Map<number, number>;
  /** The mean softmax probability of a structure's voxels, or, from a calibrated model, the Dice to expect. */
  confidenceIs: ConfidenceKind;
  /** Entropy of the mean probabilities, percent of the most there can be, on the scan's own grid. */
  uncertainty?: Volume;
  /** How like its training scans the network finds this one, where it knows them. */
  familiarity?: Familiarity;
  warnings: string[];
}

const DEFAULT_MEMORY_BYTES = 4.5e9;
/** Share of the memory that the sums of blended windows may take. */
const ACCUMULATOR_SHARE = 1 / 4;

/**
 * Labels of a scan by a network; a model of several channels takes as many volumes, on one grid, in its order.
 * Throws `input.modality` when the model is for another kind of scan, `input.channels` for a wrong number of
 * volumes or volumes on different grids, `input.uncertainty` where that was asked of a model that cannot tell it, `input.constant` and `input.not-finite` for unusable voxels,
 * `cancelled`, `failed.inference`.
 */
export async function segmentVolume(
  scan: Volume | readonly Volume[],
  model: LoadedModel,
  options: SegmentOptions = {},
): Promise<Segmentation> {
  const volumes = "data" in scan ? [scan] : scan;
  checkChannels(volumes, model);
  const { stepSize } = options;
  if (stepSize !== undefined && !(stepSize > 0 && stepSize <= 1)) {
    throw usageError(`A step of ${stepSize} windows is not possible.`, "Give a share from 0.1 to 1.");
  }
  const warnings = [
    ...new Set([...model.warnings, ...volumes.flatMap((volume) => checkModality(volume, model.description))]),
  ];
  if (options.uncertainty && ("segment" in model || model.output.kind !== "scores")) {
    throw inputError(
      "uncertainty",
      `The model "${model.description.name}" gives labels only, not how sure it is of each voxel.`,
      "Leave the uncertainty out, or take a model that was trained here.",
    );
  }
  const found =
    "segment" in model
      ? await model.segment(volumes, options)
      : await segmentWithNetwork(volumes, model, options);
  warnings.push(...found.warnings);
  if (found.labels.labels.length === 0) warnings.push("The network found no structure in this scan.");
  return { ...found, warnings };
}

/** Throws `input.channels` unless there is one volume a channel, all on one grid. */
function checkChannels(
  volumes: readonly Volume[],
  { channels, channelNames, description }: LoadedModel,
): void {
  const { name } = description;
  if (volumes.length !== channels) {
    const wanted = channelNames?.length ? ` (${channelNames.join(", ")})` : "";
    throw inputError(
      "channels",
      `The model "${name}" takes ${channels} image${channels === 1 ? "" : "s"} of a patient at once${wanted}, and ${volumes.length} ${volumes.length === 1 ? "was" : "were"} given.`,
      channels === 1 ? "Give one scan." : "Give them in this order, all on one grid.",
    );
  }
  const other = volumes.findIndex((volume) => !sameGrid(volume, volumes[0]!));
  if (other > 0) {
    const grid = ({ size, affine }: Volume) =>
      `${size.join("x")} voxels of ${spacingOf(affine)
        .map((s) => s.toFixed(2))
        .join("x")} mm`;
    throw inputError(
      "channels",
      `Image ${other + 1} lies on another grid than image 1 (${grid(volumes[other]!)}; ${grid(volumes[0]!)}).`,
      "Register and resample the images of a patient onto one grid first.",
    );
  }
}

async function segmentWithNetwork(
  volumes: readonly Volume[],
  model: NetworkModel,
  options: SegmentOptions,
): Promise<Segmentation> {
  const { description } = model;
  const warnings: string[] = [];
  options.onProgress?.({ stage: "prepare", done: 0, total: 1 });
  const [image, placed] = await networkImage(volumes, description.input, options);
  throwIfCancelled(options.signal);
  options.onProgress?.({ stage: "prepare", done: 1, total: 1 });

  const { prediction, seen } = await predict(image, model, options, warnings);
  throwIfCancelled(options.signal);
  const [scan] = volumes as [Volume];
  const onScan = placed.affine === scan.affine;
  const { size, affine } = placed;
  const data = onScan
    ? prediction.labels
    : (await resampleLabelMap({ size, affine, data: prediction.labels }, scan, {}, options)).data;
  const found = segmentationOf(scan, description, { labels: data, confidence: prediction.confidence });
  if (prediction.uncertainty) {
    const percent = { size, affine, data: prediction.uncertainty, modality: null, unit: "%" };
    found.uncertainty = onScan ? percent : await percentOn(percent, scan, options);
  }
  const { familiarity: reference } = model;
  if (reference && seen.length > 0) {
    found.familiarity = judgeFamiliarity(reference, { facts: imageFacts(image, placed), windows: seen });
    warnings.push(...familiarityWarnings(found.familiarity));
  }
  return { ...found, warnings };
}

/** Percentages on another grid, in whole numbers; beyond their image everything is unknown. */
async function percentOn(percent: Volume, grid: Volume, options: JobOptions): Promise<Volume> {
  const placed = await resampleVolume(percent, grid, { outside: 100 }, options);
  return { ...placed, data: Uint8Array.from(placed.data, Math.round) };
}

async function predict(
  image: NetworkImage,
  model: NetworkModel,
  options: SegmentOptions,
  warnings: string[],
): Promise<{ prediction: Prediction; seen: Float32Array[] }> {
  const { patch, haloVoxels, mirrorAxes } = model.description.input;
  const { window, mirror = false, memoryBytes = DEFAULT_MEMORY_BYTES } = options;
  const overlap = options.stepSize === undefined ? model.description.input.overlap : 1 - options.stepSize;
  if (typeof window === "number" && !(Number.isInteger(window) && window >= 8)) {
    throw usageError(`A window of ${window} voxels is not possible.`, "Give a whole number from 8 on.");
  }
  const mirrored = mirror && model.output.kind === "scores" ? mirrorAxes : [];
  if (mirror && mirrored.length === 0) {
    warnings.push(`The model "${model.description.name}" allows no mirroring; it ran without.`);
  }
  const asked = typeof window === "number" ? ([window, window, window] as const) : null;
  const blendPatch = window === "whole" ? image.size : (asked ?? patch);
  // Windows of another size than in training look different to the network.
  const seen: Float32Array[] | null = model.familiarity && window === undefined ? [] : null;
  if (haloVoxels === null && blendPatch !== null && model.output.kind === "scores") {
    const { uncertainty: probabilities = false } = options;
    const prediction = await predictBlended(
      (data, size, flip = []) =>
        scoresOf(model, data, size, options, { probabilities, seen: flip.length === 0 ? seen : null }),
      image,
      {
        classes: model.classes,
        patch: blendPatch,
        overlap,
        mirrorAxes: mirrored,
        probabilities,
        accumulatorBytes: memoryBytes * ACCUMULATOR_SHARE,
      },
      options,
    );
    return { prediction, seen: seen ?? [] };
  }
  if (haloVoxels === null && asked !== null) {
    throw usageError(
      `The model "${model.description.name}" normalises over the whole volume and cannot run in windows.`,
      'Leave the window out, or ask for "whole".',
    );
  }
  const halo = haloVoxels ?? 0;
  const core =
    window === "whole"
      ? image.size
      : asked
        ? coreOf(asked, halo)
        : patch
          ? coreOf(patch, halo)
          : fittingCore(image.size, model, memoryBytes);
  const parameters = { classes: model.classes, core, haloVoxels: halo };
  return {
    prediction: await predictWithHalo(labelsOf(model, options), image, parameters, options),
    seen: [],
  };
}

/** What is read off of a window: all but the halo at both sides. */
function coreOf(window: Size3, halo: number): Size3 {
  if (window.some((n) => n <= 2 * halo)) {
    throw usageError(
      `A window of ${window.join("x")} voxels is too small for a halo of ${halo}.`,
      `Take at least ${2 * halo + 8}.`,
    );
  }
  return window.map((n) => n - 2 * halo) as unknown as Size3;
}

/**
 * The whole volume where it fits in the memory, else the fewest slabs along the slowest axis that do, each
 * with its halo: they repeat the least work.
 */
function fittingCore(size: Size3, model: NetworkModel, memoryBytes: number): Size3 {
  const { haloVoxels } = model.description.input;
  if (model.peakChannels === null || haloVoxels === null) return size;
  const slices = Math.floor(memoryBytes / (4 * model.peakChannels * size[0] * size[1]));
  for (let slabs = 1; slabs <= size[2]; slabs++) {
    const core = Math.ceil(size[2] / slabs);
    // The first and the last slab have a halo at one side only.
    if (core + Math.min(slabs - 1, 2) * haloVoxels <= slices) return [size[0], size[1], core];
  }
  throw failedError(
    "memory",
    `The model "${model.description.name}" needs more than ${(memoryBytes / 1e9).toFixed(1)} GB for a slab of ${size.join("x")} voxels.`,
    "Allow more memory, or give a smaller window.",
  );
}

function windowTensor(model: NetworkModel, data: Float32Array, size: Size3): Tensor {
  return floatTensor(data, [1, model.channels, size[2], size[1], size[0]]);
}

/** What is wanted of a window besides its scores. */
interface Wanted {
  /** All classes' probabilities behind the scores. */
  probabilities?: boolean;
  /** Takes the window's features. */
  seen?: Float32Array[] | null;
}

async function scoresOf(
  model: NetworkModel,
  data: Float32Array,
  size: Size3,
  { signal }: JobOptions,
  { probabilities = false, seen = null }: Wanted = {},
): Promise<Float32Array> {
  if (model.output.kind !== "scores") throw failedError("network-output", "The network gives no scores.");
  const { name, probabilities: shares, features } = model.output;
  const outputs = [name];
  if (probabilities && shares !== undefined) outputs.push(shares);
  if (seen && features !== undefined) outputs.push(features);
  const results = await model.session.run(
    { [model.input]: windowTensor(model, data, size) },
    { outputs, ...(signal ? { signal } : {}) },
  );
  const scores = results[name]!.data;
  if (!(scores instanceof Float32Array)) {
    throw failedError("network-output", `The network's output "${name}" is not of float32.`);
  }
  if (seen && features !== undefined) seen.push((results[features]!.data as Float32Array).slice());
  if (!probabilities) return scores;
  const both = new Float32Array(2 * scores.length);
  both.set(scores);
  if (shares !== undefined) both.set(results[shares]!.data as Float32Array, scores.length);
  else softmaxVoxels(scores, model.classes, both.subarray(scores.length));
  return both;
}

function labelsOf(model: NetworkModel, options: SegmentOptions): LabelWindow {
  const { output, classes } = model;
  if (output.kind === "labels") {
    return async (data, size) => {
      const results = await model.session.run(
        { [model.input]: windowTensor(model, data, size) },
        options.signal ? { signal: options.signal } : {},
      );
      return {
        label: results[output.label]!.data as Uint8Array,
        probability: results[output.probability]!.data as Float32Array,
      };
    };
  }
  return async (data, size) => {
    const scores = await scoresOf(model, data, size, options);
    const voxels = voxelCount(size);
    const label = new Uint16Array(voxels);
    const probability = new Float32Array(voxels);
    const uncertainty = options.uncertainty ? new Uint8Array(voxels) : null;
    for (let voxel = 0; voxel < voxels; voxel++) {
      label[voxel] = bestClass(scores, voxel, voxels, classes);
      if (label[voxel]) probability[voxel] = softmaxOf(scores, voxel, voxels, classes, label[voxel]!);
      if (uncertainty) uncertainty[voxel] = entropyPercentOfScores(scores, voxel, voxels, classes);
    }
    return { label, probability, ...(uncertainty ? { uncertainty } : {}) };
  };
}
