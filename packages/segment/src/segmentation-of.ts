import type { LabelArray, ModelFile, Volume } from "@viscera/core";
import { labelTable } from "./label-names.js";
import { expectedDice } from "./quality/calibration.js";
import type { Segmentation } from "./segment-volume.js";

/**
 * A model's labels on a scan's grid, with the table of those that occur and the confidence in them: the mean
 * probability, or what it means where the model is calibrated.
 */
export function segmentationOf(
  scan: Volume,
  description: ModelFile,
  { labels, confidence }: { labels: LabelArray; confidence: Map<number, number> },
): Segmentation {
  const present = presentLabels(labels);
  const { calibration } = description;
  const confident = (id: number) => {
    const probability = confidence.get(id)!;
    return calibration ? expectedDice(calibration, id, probability) : probability;
  };
  return {
    labels: { size: scan.size, affine: scan.affine, data: labels, labels: labelTable(description, present) },
    confidence: new Map(present.map((id) => [id, confident(id)])),
    confidenceIs: calibration ? "expected Dice" : "mean probability",
    warnings: [],
  };
}

/** Ids that occur, background left out, in rising order. */
function presentLabels(labels: LabelArray): number[] {
  const seen = new Set<number>();
  let last = 0;
  for (let v = 0; v < labels.length; v++) {
    if (labels[v] === last) continue;
    last = labels[v]!;
    seen.add(last);
  }
  seen.delete(0);
  return [...seen].sort((a, b) => a - b);
}
