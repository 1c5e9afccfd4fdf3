import { CASE_PATHS, type LabelMap, type LabelsFile } from "@viscera/core";
import type { Segmentation } from "@viscera/segment";
import type { Workspace } from "../case/workspace.js";
import type { Origin } from "./save-scan.js";

/** What a network says besides its labels. */
export type LabelQuality = Pick<Segmentation, "confidence" | "confidenceIs" | "uncertainty">;

/** Writes a label map and its table into the case; `quality` is the network's whose labels they are. */
export async function saveLabels(
  work: Workspace,
  labels: LabelMap,
  { inputs, warnings, seed = null }: Origin,
  quality: LabelQuality | null = null,
): Promise<void> {
  const confidence = quality?.confidence ?? new Map<number, number>();
  work.keep({ labels, confidence });
  await work.folder.writeVolume(CASE_PATHS.labels, labels);
  if (quality?.uncertainty) await work.folder.writeVolume(CASE_PATHS.uncertainty, quality.uncertainty);
  const table: LabelsFile = {
    schema: 1,
    labels: labels.labels,
    ...(quality && confidence.size > 0
      ? { confidence: Object.fromEntries(confidence), confidenceIs: quality.confidenceIs }
      : {}),
  };
  await work.folder.writeJson(CASE_PATHS.labelTable, table);
  await work.folder.finish("labels", warnings, work.provenance(CASE_PATHS.labels, inputs, seed));
}
