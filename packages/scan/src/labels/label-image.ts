import {
  type Affine,
  type Grid,
  inputError,
  type LabelArray,
  type Size3,
  type VoxelArray,
} from "@viscera/core";
import type { ImageFile, RawLabel } from "../image/image.js";

/** Label values on their grid, before names are given to them. */
export interface LabelImage extends Grid {
  size: Size3;
  affine: Affine;
  data: LabelArray;
}

/**
 * The image's values as labels in the narrowest unsigned type, and the names it carries. Throws
 * `input.labels` where a value is no whole number of at least 0, `input.empty-labels` where all are 0
 * (unless `mayBeEmpty`),
 * `input.colour` for a colour image.
 */
export function labelsFromImage(
  image: ImageFile,
  where: string,
  { mayBeEmpty = false } = {},
): { labels: LabelImage; names: RawLabel[]; warnings: string[] } {
  if (image.colour) {
    throw inputError(
      "colour",
      `${where} is a colour image, not a label image.`,
      "Give an image whose voxel values are the numbers of the structures.",
    );
  }
  const { size, affine, data } = image.volume;
  return {
    labels: { size, affine, data: labelArray(data, where, mayBeEmpty) },
    names: image.names,
    warnings: image.warnings,
  };
}

export function emptyLabels(where: string): Error {
  return inputError(
    "empty-labels",
    `${where} has no labelled voxel: every value is 0.`,
    "Check that it is the right file and that the segmentation was saved into it.",
  );
}

function labelArray(data: VoxelArray, where: string, mayBeEmpty: boolean): LabelArray {
  let max = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!(value >= 0 && value <= 4294967295 && Number.isInteger(value))) {
      throw inputError(
        "labels",
        `${where} holds the value ${Number(value.toPrecision(6))}, but labels are whole numbers of at least 0.`,
        "Give a label image; a scan or a probability map is none.",
      );
    }
    if (value > max) max = value;
  }
  if (max === 0 && !mayBeEmpty) throw emptyLabels(where);
  if (max < 256) return data instanceof Uint8Array ? data : new Uint8Array(data);
  if (max < 65536) return data instanceof Uint16Array ? data : new Uint16Array(data);
  return data instanceof Uint32Array ? data : new Uint32Array(data);
}
