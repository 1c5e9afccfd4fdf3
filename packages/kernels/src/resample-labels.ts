import type { LabelArray, Size3 } from "@viscera/core";
import type { KernelOptions } from "./options.js";
import { type ResampleLabelsParameters, resampleLabelsReference } from "./resample-labels.reference.js";

/**
 * Samples a label image on another grid. "smooth" gives each output voxel the label whose linearly interpolated
 * indicator is largest, background among them, so that neighbours keep touching without holes; where the output is
 * coarser than the input, indicators are first averaged over the output voxel. Ties go to the nearest voxel's
 * label, then to the lower id. Beyond half a voxel outside the input lies background.
 */
export async function resampleLabels<T extends LabelArray>(
  labels: T,
  size: Size3,
  parameters: ResampleLabelsParameters,
  _options: KernelOptions = {},
): Promise<T> {
  return resampleLabelsReference(labels, size, parameters);
}
