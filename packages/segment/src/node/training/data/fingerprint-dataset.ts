import {
  axesOf,
  type Grid,
  inputError,
  type JobOptions,
  type Size3,
  spacingOf,
  throwIfCancelled,
  type Vec3,
} from "@viscera/core";
import { looksLikeCt } from "@viscera/scan";
import {
  type CaseShape,
  type Fingerprint,
  foregroundSample,
  intensityStatistics,
  type TrainingDataset,
} from "../../../training/data/index.js";
import { loadCase } from "./load-case.js";

/**
 * Looks through all cases: sizes, spacings, and intensities within the labelled structures. Throws what is wrong
 * with a case (`input.grid`, `input.label-value`, what reading throws), and `input.empty-labels` where there is no
 * structure in any of them.
 */
export async function fingerprintDataset(
  dataset: TrainingDataset,
  options: JobOptions = {},
): Promise<Fingerprint> {
  const cases: CaseShape[] = [];
  const samples: Float32Array[][] = dataset.channels.map(() => []);
  const warnings: string[] = [];
  const unlikeCt: string[] = [];
  let withImages = 0;
  for (const [index, entry] of dataset.cases.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "Looking at the cases", done: index, total: dataset.cases.length });
    const { images, labels, warnings: odd } = await loadCase(dataset, entry, options);
    warnings.push(...odd);
    cases.push({ id: entry.id, ...rasShape(labels) });
    if (images.length === 0) continue;
    withImages++;
    if (!looksLikeCt(images[0]!)) unlikeCt.push(entry.id);
    for (const [channel, image] of images.entries()) {
      samples[channel]!.push(foregroundSample(image.data, labels.data as Uint8Array));
    }
  }
  options.onProgress?.({ stage: "Looking at the cases", done: cases.length, total: cases.length });
  if (withImages > 0 && samples[0]!.every(({ length }) => length === 0)) {
    throw inputError(
      "empty-labels",
      "No label image of the data set holds a structure: every voxel is background.",
      "Check that the right files were named.",
    );
  }
  let { modality } = dataset;
  if (modality.length === 0 && withImages > 0 && dataset.channels.length === 1 && unlikeCt.length === 0) {
    modality = ["CT"];
  }
  if (modality.includes("CT") && unlikeCt.length > 0) {
    warnings.push(
      `The values of ${unlikeCt.length} of ${withImages} images, such as ${unlikeCt[0]}'s, do not look like Hounsfield units.`,
    );
  }
  return {
    cases,
    intensities: withImages > 0 ? samples.map(intensityStatistics) : [],
    modality,
    channels: dataset.channels,
    labels: dataset.labels,
    synthetic: withImages < cases.length,
    warnings,
  };
}

/** Size and spacing along the axes that run most to the right, to the front and upwards. */
function rasShape({ size, affine }: Grid): Pick<CaseShape, "size" | "spacingMm"> {
  const axes = axesOf(affine);
  const order = [0, 1, 2].map((world) => axes.findIndex((axis) => axis.world === world));
  const spacing = spacingOf(affine);
  return {
    size: order.map((axis) => size[axis]!) as unknown as Size3,
    spacingMm: order.map((axis) => spacing[axis]!) as unknown as Vec3,
  };
}
