/** The same for a model that was trained before, from the record of its training. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { inputError, type JobOptions, type ModelFile } from "@viscera/core";
import { writeWhole } from "@viscera/scan/node";
import type { Fold, TrainingDataset, TrainingPlan } from "../../../training/data/index.js";
import { withWarningSection } from "../../../training/loop/index.js";
import { openModel } from "../../open-model.js";
import { preprocessDataset } from "../data/index.js";
import { evaluateCases } from "./evaluate-cases.js";
import { learnQuality } from "./learn-quality.js";
import { CARD_FILE_NAME } from "./model-folder.js";
import { RUN_FILE, type RunFile } from "./run-folder.js";

/**
 * Calibrates a model's confidence on the cases that were held out from its training, and learns what its training scans
 * look like; an earlier result is replaced. `dataset` is the one it was trained on. Throws `input.no-run` for a folder without the
 * record of a training, `input.dataset` for a data set without its cases, and what reading the data throws.
 */
export async function relearnQuality(
  folder: string,
  dataset: TrainingDataset,
  options: JobOptions = {},
): Promise<ModelFile> {
  const { plan, fold } = await decisionsOf(folder);
  const wanted = new Set([...fold.training, ...fold.validation]);
  const used = { ...dataset, cases: dataset.cases.filter(({ id }) => wanted.has(id)) };
  if (used.cases.length < wanted.size) {
    throw inputError(
      "dataset",
      `The data set "${dataset.name}" lacks ${wanted.size - used.cases.length} of the ${wanted.size} cases that the model was trained on.`,
      "Give the data set it was trained on.",
    );
  }
  const place = join(folder, "training", "prepared");
  try {
    const prepared = await preprocessDataset(used, plan, place, options);
    const heldOut = used.cases.filter(({ id, images }) => fold.validation.includes(id) && images.length > 0);
    const model = await openModel(folder, options.threads ? { threads: options.threads } : {});
    // What is to be learnt is what its own probability means.
    const { calibration: _, ...description } = model.description;
    const scores = await evaluateCases({ ...model, description }, used, heldOut, options).finally(() =>
      model.dispose(),
    );
    const file = await learnQuality(folder, { prepared, plan, fold, scores }, options);
    const card = join(folder, CARD_FILE_NAME);
    const text = await readFile(card, "utf8").catch(() => null);
    if (text !== null) await writeWhole(card, new TextEncoder().encode(withWarningSection(text, file)));
    return file;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

async function decisionsOf(folder: string): Promise<{ plan: TrainingPlan; fold: Fold }> {
  const text = await readFile(join(folder, RUN_FILE), "utf8").catch(() => "{}");
  const { decided = {} } = JSON.parse(text) as Partial<RunFile>;
  const planned = decided["plan"] as { plan: TrainingPlan } | undefined;
  const fold = decided["fold"] as Fold | undefined;
  if (planned && fold) return { plan: planned.plan, fold };
  throw inputError(
    "no-run",
    `There is no record of a training in "${folder}".`,
    "Give the folder that `viscera train` or `viscera finetune` made.",
  );
}
