/** Dice of a model that is ready to use, on scans as they lie on disk. */
import { type JobOptions, throwIfCancelled } from "@viscera/core";
import { readScan } from "@viscera/scan/node";
import type { LoadedModel } from "../../../model.js";
import { segmentVolume } from "../../../segment-volume.js";
import {
  classOfValue,
  IGNORED_VOXEL,
  type TrainingCase,
  type TrainingDataset,
} from "../../../training/data/index.js";
import { type CaseScore, diceOfClasses } from "../../../training/loop/index.js";
import { readLabelImage } from "../data/label-image.js";

/**
 * Dice of each case on its own grid: the scan goes through `segmentVolume` as a user's would. The model's labels
 * are the classes of the data set. Cases without images are left out.
 */
export async function evaluateCases(
  model: LoadedModel,
  dataset: TrainingDataset,
  cases: readonly TrainingCase[],
  options: JobOptions = {},
): Promise<CaseScore[]> {
  const classOf = classOfValue(dataset);
  const scores: CaseScore[] = [];
  for (const [index, found] of cases.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "held-out cases", done: index, total: cases.length });
    if (found.images.length === 0) continue;
    const volumes = [];
    for (const path of found.images) volumes.push((await readScan(path)).volume);
    const truth = await readLabelImage(found.labels);
    const { labels, confidence } = await segmentVolume(volumes, model, {
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.threads ? { threads: options.threads } : {}),
    });
    const classes = Uint8Array.from(truth.data, (value) => classOf.get(value) ?? 0);
    scores.push({
      id: found.id,
      dice: diceOfClasses(labels.data, classes, model.classes, {
        known: found.known,
        ignored: IGNORED_VOXEL,
      }),
      confidence: Array.from({ length: model.classes - 1 }, (_, i) => confidence.get(i + 1) ?? null),
    });
  }
  options.onProgress?.({ stage: "held-out cases", done: cases.length, total: cases.length });
  return scores;
}
