/** A trained nnU-Net on a scan: prepared, tiled, mirrored, folds averaged, labels on the scan's own grid. */
import { type JobOptions, orientationOf, throwIfCancelled, type Volume, voxelCount } from "@viscera/core";
import { reorient } from "@viscera/scan";
import { type BlendedRows, type BlendParameters, blendScores, type ScoreWindow } from "../blend.js";
import { boxDims } from "./crop.js";
import { type AxisOrder, type Dims3, permuted, stridesOf } from "./dims.js";
import { LabelExport } from "./label-export.js";
import type { NnUnetDataset, VoxelLabels } from "./labels.js";
import type { NnUnetPlan } from "./plans.js";
import { type PreparedImage, placeForReader, prepareLikeNnUnet, readLikeNnUnet, sizeOf } from "./prepare.js";
import { ordersOf } from "./resample.js";

/** A trained model: what its plans and dataset.json say, and its folds' networks. */
export interface NnUnet {
  plan: NnUnetPlan;
  dataset: NnUnetDataset;
  /** Axes of the tile that the network was trained to be mirrored along. */
  mirrorAxes: readonly number[];
  /**
   * Opens the network of each fold; the folds run one after the other and their scores are averaged. The signal
   * cancels a window under way.
   */
  folds: readonly ((signal?: AbortSignal) => Promise<OpenFold>)[];
}

/** A network ready to run. */
export interface OpenFold {
  /** Scores [heads, d0, d1, d2] of a window [channels, d0, d1, d2]; `size` is [d2, d1, d0]. */
  score: ScoreWindow;
  close(): Promise<void>;
}

export interface NnUnetOptions extends JobOptions {
  /** Default true, as nnU-Net has it. */
  mirror?: boolean;
  /** Distance of neighbouring tiles as a share of a tile; default 0.5. */
  stepSize?: number;
}

export interface NnUnetResult {
  /** On the scan's own grid. */
  labels: Uint8Array | Uint16Array;
  /** Mean probability of each label's voxels. */
  confidence: Map<number, number>;
}

export async function segmentLikeNnUnet(
  volumes: readonly Volume[],
  model: NnUnet,
  options: NnUnetOptions = {},
): Promise<NnUnetResult> {
  const { plan, dataset } = model;
  options.onProgress?.({ stage: "prepare", done: 0, total: 1 });
  const placed = placeForReader(volumes, plan.reader);
  const [grid] = placed as [Volume];
  const prepared = await prepareLikeNnUnet(readLikeNnUnet(placed), plan);
  throwIfCancelled(options.signal);
  options.onProgress?.({ stage: "prepare", done: 1, total: 1 });

  const highest = Math.max(dataset.heads - 1, ...(dataset.regionLabels ?? []));
  const count = voxelCount(grid.size);
  const labels = highest > 255 ? new Uint16Array(count) : new Uint8Array(count);
  const sums = new Float64Array(highest + 1);
  const counts = new Float64Array(highest + 1);
  const write = rowWriter(prepared, plan.transposeForward, (voxel, label, probability) => {
    labels[voxel] = label;
    sums[label]! += probability;
    counts[label]! += 1;
  });
  const output = new LabelExport({
    heads: dataset.heads,
    regionLabels: dataset.regionLabels,
    from: prepared.dims,
    to: boxDims(prepared.box),
    orders: ordersOf(plan.resampleScores, prepared.spacing, prepared.scanSpacing),
    write,
  });
  await predictScores(prepared, model, options, (slice, scores) => output.take(slice, scores));

  const [scan] = volumes as [Volume];
  const onReaderGrid = { size: grid.size, affine: grid.affine, data: labels };
  return {
    labels: grid === scan ? labels : reorient(onReaderGrid, orientationOf(scan.affine)).data,
    confidence: new Map(
      [...sums].flatMap((sum, label) =>
        label > 0 && counts[label]! > 0 ? [[label, sum / counts[label]!]] : [],
      ),
    ),
  };
}

/** Hands on the scores [heads, d1, d2] of each slice of the prepared image, in order: the mean over the folds. */
export async function predictScores(
  { image }: PreparedImage,
  { plan, dataset, mirrorAxes, folds }: NnUnet,
  { mirror = true, stepSize = 0.5, onProgress, ...options }: NnUnetOptions,
  take: (slice: number, scores: Float32Array) => void,
): Promise<void> {
  // A network of slices has tiles one slice deep.
  const missing = 3 - plan.patch.length;
  const tile = sizeOf([...Array(missing).fill(1), ...plan.patch] as unknown as Dims3);
  const parameters: BlendParameters = {
    classes: dataset.heads,
    patch: tile,
    overlap: 1 - stepSize,
    mirrorAxes: mirror ? mirrorAxes.map((axis) => (2 - missing - axis) as 0 | 1 | 2) : [],
    accumulatorBytes: Number.POSITIVE_INFINITY,
  };
  // Sums over the folds so far, slice by slice; one fold needs none.
  const sums: Float32Array[] = [];
  for (const [f, open] of folds.entries()) {
    const fold = await open(options.signal);
    const isLast = f === folds.length - 1;
    const read = ({ slice, scores }: BlendedRows) => {
      const sum = sums[slice];
      if (sum) for (let i = 0; i < sum.length; i++) sum[i]! += scores[i]!;
      if (!isLast) {
        sums[slice] = sum ?? scores.slice();
        return;
      }
      if (sum) for (let i = 0; i < sum.length; i++) sum[i]! /= folds.length;
      take(slice, sum ?? scores);
    };
    try {
      await blendScores(fold.score, image, parameters, read, {
        ...options,
        ...(onProgress && {
          onProgress: ({ stage, done, total }) =>
            onProgress({ stage, done: f * total + done, total: folds.length * total }),
        }),
      });
    } finally {
      await fold.close();
    }
  }
}

/** Puts runs of voxels of the cropped, transposed scan to their place in the reader's array. */
function rowWriter(
  { box, scanDims }: PreparedImage,
  transposeForward: AxisOrder,
  set: (voxel: number, label: number, probability: number) => void,
): (i: number, j: number, k: number, row: VoxelLabels, count: number) => void {
  const readDims = [0, 1, 2].map((axis) => scanDims[transposeForward.indexOf(axis)]!);
  const [s0, s1, s2] = permuted(stridesOf(readDims as [number, number, number]), transposeForward);
  const [b0, b1, b2] = box.start;
  return (i, j, k, { labels, probability }, count) => {
    let voxel = s0 * (i + b0) + s1 * (j + b1) + s2 * (k + b2);
    for (let v = 0; v < count; v++, voxel += s2) {
      if (labels[v] !== 0) set(voxel, labels[v]!, probability[v]!);
    }
  };
}
