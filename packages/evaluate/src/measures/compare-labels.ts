import {
  applyToPoint,
  type Grid,
  inputError,
  type JobOptions,
  type LabelArray,
  sameGrid,
  spacingOf,
  throwIfCancelled,
  type Vec3,
  type VoxelBox,
} from "@viscera/core";
import { maskPair, unionBox, unionBoxes } from "../masks/mask-pair.js";
import type { OverlapVolumes } from "../overlap/generalised-dice.js";
import { type MeasureOptions, measureStructure } from "./measure-structure.js";

/** A label image on its grid. */
export interface LabelledGrid extends Grid {
  data: LabelArray;
}

/** The metrics of one structure. */
export interface StructureResult {
  id: number;
  values: Record<string, number>;
  /** Voxels in the truth, the prediction and both, as generalised Dice weighs them. */
  volumes: OverlapVolumes;
}

/**
 * Spacing of a grid as the decimal that it was meant to be: files hold 0.8 as the single-precision 0.800000011920929,
 * and a distance of one voxel then is not the tolerance of 0.8 mm that it should be.
 */
export function decimalSpacing(grid: Grid): Vec3 {
  const exact = spacingOf(grid.affine);
  return exact.map((value) => {
    const short = Number(value.toPrecision(6));
    return Math.abs(short - value) <= 2e-7 * value ? short : value;
  }) as unknown as Vec3;
}

/** Throws `input.grid`, saying what differs, unless both images lie on the same grid. */
export function checkSameGrid(truth: Grid, prediction: Grid): void {
  const hint = "Resample the prediction to the truth's grid, for nothing is compared across grids.";
  if (truth.size.some((n, axis) => n !== prediction.size[axis]))
    throw inputError(
      "grid",
      `The truth has ${truth.size.join(" x ")} voxels, the prediction ${prediction.size.join(" x ")}.`,
      hint,
    );
  if (sameGrid(truth, prediction)) return;
  const spacings = [truth, prediction].map((grid) => decimalSpacing(grid).join(" x "));
  if (spacings[0] !== spacings[1])
    throw inputError(
      "grid",
      `The truth's voxels are ${spacings[0]} mm, the prediction's ${spacings[1]} mm.`,
      hint,
    );
  const a = applyToPoint(truth.affine, [0, 0, 0]);
  const b = applyToPoint(prediction.affine, [0, 0, 0]);
  const apart = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  throw inputError(
    "grid",
    apart > 0.01
      ? `The truth and the prediction are ${Number(apart.toPrecision(3))} mm apart.`
      : "The axes of the truth and the prediction point in different directions.",
    hint,
  );
}

/**
 * Metrics of the structures of a case, working only where their voxels are: of the labels in `ids` (all that occur where
 * null) and of `regions`, which are several labels taken as one structure. A structure that neither image holds is two
 * empty masks. Throws `input.grid`.
 */
export async function compareLabels(
  truth: LabelledGrid,
  prediction: LabelledGrid,
  settingsOf: (id: number) => MeasureOptions,
  ids: readonly number[] | null,
  job: JobOptions & { regions?: Readonly<Record<number, readonly number[]>> } = {},
): Promise<StructureResult[]> {
  checkSameGrid(truth, prediction);
  const spacingMm = decimalSpacing(truth);
  const grid = { size: truth.size, spacingMm };
  const boxes = unionBoxes(truth.data, prediction.data, truth.size);
  const wanted: [id: number, labels: readonly number[]][] = [
    ...(ids ?? [...boxes.keys()]).map((id): [number, number[]] => [id, [id]]),
    ...Object.entries(job.regions ?? {}).map(([id, labels]): [number, readonly number[]] => [
      Number(id),
      labels,
    ]),
  ];
  const results: StructureResult[] = [];
  for (const [done, [id, labels]] of wanted.entries()) {
    throwIfCancelled(job.signal);
    job.onProgress?.({ stage: "structures", done, total: wanted.length });
    const box = boxOf(labels, boxes);
    const pair = maskPair(truth.data, prediction.data, grid, labels.length === 1 ? labels[0]! : labels, box);
    const volumes = { ref: pair.refVoxels, pred: pair.predVoxels, both: pair.bothVoxels };
    results.push({ id, values: await measureStructure(pair, settingsOf(id), job), volumes });
    // A signal is heard only between two turns of the event loop.
    if (job.signal) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  job.onProgress?.({ stage: "structures", done: wanted.length, total: wanted.length });
  return results;
}

/** The box around several labels; null where none occurs. */
export function boxOf(labels: readonly number[], boxes: ReadonlyMap<number, VoxelBox>): VoxelBox | null {
  const found = labels.flatMap((label) => boxes.get(label) ?? []);
  return found.reduce<VoxelBox | null>((all, box) => unionBox(all ?? undefined, box), null);
}
