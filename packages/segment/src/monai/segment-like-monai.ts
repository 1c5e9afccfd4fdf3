import { type JobOptions, orientationOf, throwIfCancelled, type Volume } from "@viscera/core";
import { reorient } from "@viscera/scan";
import { blendScores, type ScoreWindow } from "../blend.js";
import type { Prediction } from "../prediction.js";
import { labelWriter } from "./label-writer.js";
import type { MonaiPlan } from "./plan.js";
import { prepareLikeMonai } from "./prepare.js";
import { windowLayout } from "./sliding-windows.js";

export interface MonaiOptions extends JobOptions {
  /** How far neighbouring windows are apart, as a share of a window; default as the bundle has it. */
  stepSize?: number;
}

/** Labels of a scan by a bundle's own rules, on the scan's grid. `score` runs the network on a window. */
export async function segmentLikeMonai(
  volumes: readonly Volume[],
  plan: MonaiPlan,
  score: ScoreWindow,
  { stepSize, ...options }: MonaiOptions = {},
): Promise<Prediction> {
  const [scan] = volumes as [Volume];
  options.onProgress?.({ stage: "prepare", done: 0, total: 1 });
  const prepared = prepareLikeMonai(volumes, plan.preparation, options);
  throwIfCancelled(options.signal);
  options.onProgress?.({ stage: "prepare", done: 1, total: 1 });
  const overlap =
    stepSize === undefined ? plan.windows.overlap : plan.windows.overlap.map(() => 1 - stepSize);
  const layout = windowLayout({ ...plan.windows, overlap }, prepared.size);
  const classes = Number(plan.architecture.options["out_channels"]);
  const writer = labelWriter({
    from: prepared.size,
    to: prepared.base.size,
    places: prepared.places,
    classes,
    output: plan.output,
  });
  await blendScores(
    score,
    prepared,
    { classes, patch: layout.patch, overlap: 0, layout, mirrorAxes: [], accumulatorBytes: Infinity },
    ({ slice, scores }) => writer.take(slice, scores),
    options,
  );
  const { labels, confidence } = writer.finish();
  const onBase = { ...prepared.base, data: labels };
  return { labels: reorient(onBase, orientationOf(scan.affine)).data, confidence };
}
