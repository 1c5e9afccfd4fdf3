/** What a trained model's own data teach about when it is wrong, kept beside its weights. */
import { join } from "node:path";
import { type JobOptions, type ModelFile, throwIfCancelled } from "@viscera/core";
import { writeWhole } from "@viscera/scan/node";
import {
  type CalibrationPair,
  fitCalibration,
  fitFamiliarity,
  type SeenScan,
  seeScan,
} from "../../../quality/index.js";
import type { Fold, TrainingPlan } from "../../../training/data/index.js";
import type { CaseScore } from "../../../training/loop/index.js";
import { writeFamiliarity } from "../../familiarity-file.js";
import { MODEL_FILE_NAME, openModel, readDescription } from "../../open-model.js";
import type { PreparedDataset } from "../data/index.js";
import { imageOf } from "./validate-network.js";

/** Scans that the network looks at, and windows of all of them together, at most. */
const MOST_SCANS = 96;
const MOST_WINDOWS = 512;
/** Windows of one scan. */
const MOST_WINDOWS_EACH = 8;

/** Windows that the network looks at in the end, about. */
export function windowsToLearn({ training, validation }: Fold): number {
  return Math.min(MOST_WINDOWS, MOST_WINDOWS_EACH * (training.length + validation.length));
}

/** What a model was trained on and how it did. */
export interface Evidence {
  prepared: PreparedDataset;
  plan: TrainingPlan;
  fold: Fold;
  /** Dice and confidence of held-out cases. */
  scores: readonly CaseScore[];
}

/**
 * Fits a calibration of the confidence to the held-out cases and a reference of what training scans look like, and
 * writes both into the model's folder; each is left out where there are too few cases for it.
 */
export async function learnQuality(
  folder: string,
  { prepared, plan, fold, scores }: Evidence,
  options: JobOptions = {},
): Promise<ModelFile> {
  const calibration = fitCalibration(pairsOf(scores));
  const { calibration: _, outOfDistribution: __, ...description } = await readDescription(folder);
  const model = await openModel(folder, options.threads ? { threads: options.threads } : {});
  try {
    if ("segment" in model) return await readDescription(folder);
    const training = evenly(fold.training, MOST_SCANS);
    const heldOut = evenly(fold.validation, MOST_SCANS / 2);
    const total = training.length + heldOut.length;
    const each = Math.max(1, Math.min(MOST_WINDOWS_EACH, Math.floor(MOST_WINDOWS / total)));
    // A model for CT is asked about CTs, whatever else its training made of label maps.
    const looks = plan.input.normalisation.kind === "ct" ? { ct: 1, mr: 0 } : undefined;
    const seen: SeenScan[] = [];
    for (const id of [...training, ...heldOut]) {
      throwIfCancelled(options.signal);
      options.onProgress?.({ stage: "what its scans look like", done: seen.length, total });
      const { case: found, image } = await imageOf(prepared, id, plan, looks);
      seen.push(await seeScan(image, found, model, each, options));
    }
    options.onProgress?.({ stage: "what its scans look like", done: total, total });
    const fit = fitFamiliarity(seen.slice(0, training.length), seen.slice(training.length));
    const file: ModelFile = {
      ...description,
      ...(calibration ? { calibration } : {}),
      ...(fit ? { outOfDistribution: await writeFamiliarity(folder, fit) } : {}),
    };
    await writeWhole(
      join(folder, MODEL_FILE_NAME),
      new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`),
    );
    return file;
  } finally {
    await model.dispose();
  }
}

/** Structures that were found in held-out cases; a label's id is its class. */
function pairsOf(scores: readonly CaseScore[]): CalibrationPair[] {
  return scores.flatMap(({ id, dice, confidence = [] }) =>
    dice.flatMap((value, i) => {
      const probability = confidence[i] ?? null;
      return value === null || probability === null
        ? []
        : [{ case: id, structure: i + 1, probability, dice: value }];
    }),
  );
}

/** So many of the entries, spread evenly. */
function evenly<T>(entries: readonly T[], most: number): T[] {
  const count = Math.min(most, entries.length);
  return Array.from({ length: count }, (_, i) => entries[Math.floor(((i + 0.5) * entries.length) / count)]!);
}
