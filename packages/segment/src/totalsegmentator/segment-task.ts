/** A task of TotalSegmentator on a scan, in TotalSegmentator's order of operations. */
import {
  type Grid,
  type JobOptions,
  orientationOf,
  type Size3,
  spacingOf,
  throwIfCancelled,
  type Volume,
  type VoxelBox,
  voxelCount,
} from "@viscera/core";
import { dilate } from "@viscera/kernels";
import { crop, reorient } from "@viscera/scan";
import { type NnUnet, segmentLikeNnUnet } from "../nnunet/index.js";
import { keepLargestPiece, removePieces } from "./blobs.js";
import { changeSpacing, nearestLabels } from "./change-spacing.js";
import { boxAround } from "./crop.js";
import { type TaskPart, type TotalTask, taskNamed } from "./tasks.js";
import { type Third, thirdsOf } from "./thirds.js";

/** The trained network of one part of a task. */
export type NetworkOfPart = (
  task: TotalTask,
  part: TaskPart,
) => Promise<{ model: NnUnet; close(): Promise<void> }>;

export interface TaskOptions extends JobOptions {
  /** Default false, as TotalSegmentator has it. */
  mirror?: boolean;
  /** Distance of neighbouring tiles as a share of a tile; default: the task's. */
  stepSize?: number;
}

export interface TaskResult {
  /** The task's labels on the scan's own grid. */
  labels: Uint8Array;
  /** Mean probability of each label's voxels on the networks' grid. */
  confidence: Map<number, number>;
}

/** Throws `input.missing` where a network is not there, `cancelled`, `failed.inference`. */
export async function segmentTask(
  scan: Volume,
  task: TotalTask,
  networkOf: NetworkOfPart,
  options: TaskOptions = {},
): Promise<TaskResult> {
  const rough = task.crop && (await roughLabels(scan, task.crop.task, networkOf, options));
  const box = rough && boxAround(rough.labels, scan, rough.idsOf(task.crop!.structures), task.crop!.addonMm);
  if (rough && !box) return { labels: new Uint8Array(voxelCount(scan.size)), confidence: new Map() };
  const part = box ? crop({ ...scan, data: Int32Array.from(scan.data) }, box) : scan;
  const canonical = reorient(part, "RAS");
  const placed = task.spacingMm ? changeSpacing(canonical, task.spacingMm) : canonical;
  throwIfCancelled(options.signal);

  const found = await mergedParts(placed, task, networkOf, options);
  await tidy(found.labels, placed, task);
  const onCanonical = nearestLabels(found.labels, placed.size, canonical.size);
  const turned = { size: canonical.size, affine: canonical.affine, data: onCanonical };
  const onPart = canonical === part ? onCanonical : reorient(turned, orientationOf(part.affine)).data;
  const labels = box ? pasted(onPart, part.size, box, scan.size) : onPart;
  if (task.keepNear && rough) {
    const { structures, mm } = task.keepNear;
    await eraseFar(labels, scan, rough.labels, rough.idsOf(structures), mm);
  }
  return { labels, confidence: found.confidence };
}

async function roughLabels(
  scan: Volume,
  name: string,
  networkOf: NetworkOfPart,
  { onProgress, ...options }: TaskOptions,
) {
  const task = taskNamed(name)!;
  const { labels } = await segmentTask(scan, task, networkOf, {
    ...options,
    ...(onProgress && {
      onProgress: (progress) => onProgress({ ...progress, stage: `rough look: ${progress.stage}` }),
    }),
  });
  const idsOf = (structures: readonly string[]) =>
    new Set(structures.map((structure) => task.names.indexOf(structure) + 1));
  return { labels, idsOf };
}

/** Labels of all parts of a task, a later part over an earlier one; long scans in thirds. */
async function mergedParts(
  scan: Volume,
  task: TotalTask,
  networkOf: NetworkOfPart,
  { onProgress, mirror = false, stepSize = task.stepSize, ...options }: TaskOptions,
): Promise<TaskResult> {
  const thirds = thirdsOf(scan.size, task.parts.length);
  const labels = new Uint8Array(voxelCount(scan.size));
  const weights = new Float64Array(task.names.length + 1);
  const sums = new Float64Array(task.names.length + 1);
  const units = task.parts.length * thirds.length;
  let unit = 0;
  for (const part of task.parts) {
    const network = await networkOf(task, part);
    try {
      for (const third of thirds) {
        const seen = third.to - third.from === scan.size[2] ? scan : slices(scan, third);
        const result = await segmentLikeNnUnet([seen], network.model, {
          ...options,
          mirror,
          stepSize,
          ...(onProgress && {
            onProgress: ({ stage, done, total }) =>
              onProgress({ stage, done: unit + (stage === "windows" ? done / total : 0), total: units }),
          }),
        });
        const voxels = mergePart(labels, scan.size, result.labels, third, part, task);
        for (const [id, share] of result.confidence) {
          const label = part.first + id - 1;
          if (id > part.count || label > task.names.length) continue;
          weights[label]! += voxels.get(label) ?? 0;
          sums[label]! += share * (voxels.get(label) ?? 0);
        }
        unit++;
      }
    } finally {
      await network.close();
    }
  }
  const confidence = new Map<number, number>();
  weights.forEach((weight, label) => {
    if (weight > 0) confidence.set(label, sums[label]! / weight);
  });
  return { labels, confidence };
}

function slices(scan: Volume, { from, to }: Third): Volume {
  return crop(scan, { min: [0, 0, from], max: [scan.size[0] - 1, scan.size[1] - 1, to - 1] });
}

/**
 * Writes a part's labels, 1 to its count, as the task's, where they are not background; its further labels and
 * auxiliary ones count as background. Gives the number of voxels of each label in the slices it decides.
 */
export function mergePart(
  labels: Uint8Array,
  size: Size3,
  found: ArrayLike<number>,
  third: Third,
  part: TaskPart,
  task: Pick<TotalTask, "names">,
): Map<number, number> {
  const table = new Uint8Array(65536);
  for (let id = 1; id <= part.count; id++) {
    const label = part.first + id - 1;
    if (label <= task.names.length) table[id] = label;
  }
  const plane = size[0] * size[1];
  const counts = new Float64Array(256);
  for (let v = third.keepFrom * plane; v < third.keepTo * plane; v++) {
    const label = table[found[v - third.from * plane]!]!;
    if (label === 0) continue;
    labels[v] = label;
    counts[label]! += 1;
  }
  return new Map([...counts].flatMap((count, label) => (count > 0 ? [[label, count]] : [])));
}

/** Largest pieces of the extremities that are taken for noise. */
const SMALL_EXTREMITY_MM3 = 50_000;

/** The clean-up that belongs to a task, on its networks' grid. */
async function tidy(labels: Uint8Array, { size, affine }: Grid, { name, names }: TotalTask): Promise<void> {
  if (name !== "body" && name !== "body_fast") return;
  await keepLargestPiece(labels, size, names.indexOf("body_trunc") + 1);
  const voxelMm3 = spacingOf(affine).reduce((product, mm) => product * mm, 1);
  const low = SMALL_EXTREMITY_MM3 / voxelMm3;
  await removePieces(labels, size, names.indexOf("body_extremities") + 1, { low });
}

function pasted(labels: Uint8Array, size: Size3, { min }: VoxelBox, into: Size3): Uint8Array {
  const out = new Uint8Array(voxelCount(into));
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      const row = size[0] * (j + size[1] * k);
      const target = min[0] + into[0] * (min[1] + j + into[1] * (min[2] + k));
      out.set(labels.subarray(row, row + size[0]), target);
    }
  return out;
}

/** Takes away labels farther than `mm` from the structures; distances in whole voxels through faces. */
async function eraseFar(
  labels: Uint8Array,
  { size, affine }: Grid,
  rough: Uint8Array,
  ids: ReadonlySet<number>,
  mm: number,
): Promise<void> {
  const mask = rough.map((label) => (ids.has(label) ? 1 : 0));
  const meanMm = spacingOf(affine).reduce((sum, s) => sum + s, 0) / 3;
  const near = await dilate(mask, size, { connectivity: 6, steps: Math.trunc(mm / meanMm) });
  for (let v = 0; v < labels.length; v++) if (!near[v]) labels[v] = 0;
}
