/** Whole batches of one training, made in the thread that asks. */
import { voxelCount } from "@viscera/core";
import {
  PatchMaker,
  type PatchPlan,
  type PreparedCase,
  type TrainingBatch,
} from "../../../training/data/index.js";
import { caseReader } from "./prepared.js";

/** All that the batches of a training depend on; can be sent to a worker. */
export interface BatchRecipe {
  folder: string;
  cases: PreparedCase[];
  plan: PatchPlan & { batch: number };
  seed: number;
}

export class BatchMaker {
  readonly #recipe: BatchRecipe;
  readonly #patches: PatchMaker;
  readonly #partial: boolean;

  constructor(recipe: BatchRecipe) {
    const { cases, plan, folder, seed } = recipe;
    this.#recipe = recipe;
    this.#patches = new PatchMaker(cases, plan, caseReader(folder), seed);
    this.#partial = cases.some(({ known }) => known !== null);
  }

  make(step: number): TrainingBatch {
    const { batch, channels, classes, input } = this.#recipe.plan;
    const voxels = voxelCount(input.patch!);
    const data = new Float32Array(batch * channels * voxels);
    const target = new Uint8Array(batch * voxels);
    const known = this.#partial ? new Uint8Array(batch * classes) : null;
    for (let i = 0; i < batch; i++) {
      const image = data.subarray(i * channels * voxels, (i + 1) * channels * voxels);
      const labels = target.subarray(i * voxels, (i + 1) * voxels);
      const entry = this.#patches.make(step * batch + i, image, labels);
      if (!known) continue;
      const row = known.subarray(i * classes, (i + 1) * classes);
      row.fill(entry.known === null ? 1 : 0);
      row[0] = 1;
      for (const id of entry.known ?? []) row[id] = 1;
    }
    return { data, target, known };
  }
}
