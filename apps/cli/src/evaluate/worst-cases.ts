import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Grid,
  type JobOptions,
  sameGrid,
  type Volume,
  type VoxelArray,
  type VoxelBox,
} from "@viscera/core";
import { boxOf, distanceMaps, metricOf, unionBoxes } from "@viscera/evaluate";
import type { WorstCase } from "@viscera/report";
import { crop, reorient } from "@viscera/scan";
import { readLabels, readScan } from "@viscera/scan/node";
import type { Evaluation } from "./evaluation.js";
import type { FilePair } from "./pair-files.js";

/** Metrics by which a case is bad, the first that the convention has. */
const JUDGES = ["surface_dice", "lesion_dice", "dice"] as const;
/** Image around a structure, mm. */
const MARGIN_MM = 15;
/** Of one structure, so that the page shows different ones. */
const MOST_OF_A_STRUCTURE = 2;

/** A structure of a case, chosen for the page. */
export interface Choice {
  pair: FilePair;
  structure: number;
  values: Record<string, number>;
}

/** The lowest values of the first judge, at most two of a structure; and what it was. */
export function chooseWorst(
  evaluation: Evaluation,
  pairs: readonly FilePair[],
  most: number,
): { judge: string; choices: Choice[] } {
  const judge = JUDGES.find((name) => evaluation.metrics.includes(name)) ?? "dice";
  const byName = new Map(pairs.map((pair) => [pair.name, pair]));
  const all = evaluation.cases.flatMap(({ name, values }) =>
    values.flatMap((row, structure) =>
      Number.isFinite(row[judge]) && row["volume_truth"]! + row["volume_prediction"]! > 0
        ? [{ pair: byName.get(name)!, structure, values: row }]
        : [],
    ),
  );
  all.sort(
    (a, b) =>
      a.values[judge]! - b.values[judge]! ||
      b.values["volume_truth"]! +
        b.values["volume_prediction"]! -
        a.values["volume_truth"]! -
        a.values["volume_prediction"]!,
  );
  const taken = new Map<number, number>();
  const choices: Choice[] = [];
  for (const one of all) {
    const count = taken.get(one.structure) ?? 0;
    if (choices.length === most || count === MOST_OF_A_STRUCTURE) continue;
    taken.set(one.structure, count + 1);
    choices.push(one);
  }
  return { judge, choices };
}

/** Reads a chosen case again and cuts out what the page shows of it. */
export async function loadWorst(
  { pair, structure, values }: Choice,
  evaluation: Evaluation,
  scans: string | undefined,
  job: JobOptions,
): Promise<WorstCase> {
  const { id, name, toleranceMm } = evaluation.structures[structure]!;
  const reading = { ...(job.signal ? { signal: job.signal } : {}), mayBeEmpty: true };
  const truth = await readLabels(pair.truth, reading);
  const prediction = await readLabels(pair.prediction!, reading);
  const scan = await scanOf(pair.name, truth, scans, job);
  const labels = evaluation.settings.regions[id] ?? [id];
  const box = around(boxOf(labels, unionBoxes(truth.data, prediction.data, truth.size))!, truth);
  const part = <T extends Grid & { data: VoxelArray }>(image: T): T => reorient(crop(image, box), "RAS");
  const maskOf = (image: Grid & { data: VoxelArray }) =>
    Uint8Array.from(part(image).data as ArrayLike<number>, (value) => (labels.includes(value) ? 1 : 0));
  const { size, affine } = part<Grid & { data: VoxelArray }>(truth);
  const masks = { truth: maskOf(truth), prediction: maskOf(prediction) };
  const maps = distanceMaps(masks.truth, masks.prediction, { size, affine });
  const shown = ["dice", "surface_dice", "lesion_dice", "hausdorff_95", "volume_truth", "volume_prediction"];
  return {
    caseName: pair.name,
    structure: name,
    values: shown.flatMap((metric) => {
      const value = values[metric];
      const { label, unit } = metricOf(metric);
      return value === undefined ? [] : [{ label, value, unit }];
    }),
    toleranceMm,
    size,
    affine,
    ...masks,
    scan: scan ? part(scan) : null,
    focus: maps.farthest!.voxel,
    truthSurface: maps.truth,
    predictionSurface: maps.prediction,
  };
}

/** The scan of a case's name, as nnU-Net names its first channel or plainly; null unless it lies on the labels' grid. */
async function scanOf(
  name: string,
  grid: Grid,
  folder: string | undefined,
  job: JobOptions,
): Promise<Volume | null> {
  if (folder === undefined) return null;
  const path = ["_0000", ""]
    .flatMap((channel) =>
      [".nii.gz", ".nii", ".mha", ".nrrd", ".tif", ".tiff"].map((end) =>
        join(folder, `${name}${channel}${end}`),
      ),
    )
    .find(existsSync);
  if (!path) return null;
  const { volume } = await readScan(path, job.signal ? { signal: job.signal } : {});
  return sameGrid(volume, grid) ? volume : null;
}

/** The box grown by some mm, within the image. */
function around(box: VoxelBox, { size, affine }: Grid): VoxelBox {
  const steps = [0, 1, 2].map((a) =>
    Math.ceil(MARGIN_MM / Math.hypot(affine[a]!, affine[4 + a]!, affine[8 + a]!)),
  );
  return {
    min: box.min.map((low, a) => Math.max(0, low - steps[a]!)) as [number, number, number],
    max: box.max.map((high, a) => Math.min(size[a]! - 1, high + steps[a]!)) as [number, number, number],
  };
}
