/** What a MONAI bundle does with a scan, as data. Per-axis lists are in MONAI's order: the tensor's. */
export interface MonaiPlan {
  architecture: { kind: string; options: Record<string, unknown> };
  /** Of the weights, within the bundle's folder. */
  weights: string;
  preparation: readonly PreparationStep[];
  windows: MonaiWindows;
  output: MonaiOutput;
  /** What is done otherwise than in MONAI, in sentences. */
  warnings: readonly string[];
}

export type PreparationStep =
  | { kind: "orientation"; code: string }
  /** Voxel sizes in mm; not above 0 keeps the scan's own. */
  | { kind: "spacing"; spacingMm: readonly number[]; nearest: boolean }
  /** From [low, high] linearly to [to0, to1]. */
  | { kind: "scaleRange"; low: number; high: number; to: readonly [number, number] | null; clip: boolean }
  /** The channel's, or all channels', minimum and maximum to `to`. */
  | { kind: "scale"; to: readonly [number, number]; byChannel: boolean }
  | {
      kind: "normalise";
      /** null takes the mean (standard deviation) of the voxels. */
      subtract: readonly number[] | null;
      divide: readonly number[] | null;
      nonzero: boolean;
      byChannel: boolean;
    }
  /** To the box of voxels above 0. */
  | { kind: "cropForeground"; margin: readonly number[]; divisible: readonly number[] };

export interface MonaiWindows {
  /** Extents; null takes the image's. */
  size: readonly (number | null)[];
  overlap: readonly number[];
  /** Standard deviation as a share of the window for weights falling from its middle; null for equal weights. */
  sigma: readonly number[] | null;
}

export interface MonaiOutput {
  activation: "none" | "softmax" | "sigmoid";
  /** null takes the class of the largest score; a number marks where the only score reaches it. */
  threshold: number | null;
  /** Labels are made on the network's grid and brought back, not the scores. */
  labelsFirst: boolean;
}
