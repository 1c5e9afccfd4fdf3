import { CASE_PATHS, type LabelMap, type LabelsFile } from "@viscera/core";
import type { Workspace } from "../case/workspace.js";
import type { Origin } from "./save-scan.js";

/** Writes a label map and its table into the case. `confidence` is the network's, by id. */
export async function saveLabels(
  work: Workspace,
  labels: LabelMap,
  { inputs, warnings, seed = null }: Origin,
  confidence: Map<number, number> = new Map(),
): Promise<void> {
  work.keep({ labels, confidence });
  await work.folder.writeVolume(CASE_PATHS.labels, labels);
  const table: LabelsFile = {
    schema: 1,
    labels: labels.labels,
    ...(confidence.size > 0 ? { confidence: Object.fromEntries(confidence) } : {}),
  };
  await work.folder.writeJson(CASE_PATHS.labelTable, table);
  await work.folder.finish("labels", warnings, work.provenance(CASE_PATHS.labels, inputs, seed));
}
