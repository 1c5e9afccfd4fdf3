import { CASE_PATHS, type LabelMap } from "@viscera/core";
import { writeVolume } from "@viscera/scan/node";
import type { Workspace } from "../case/workspace.js";

/** Writes a label map and its table into the case. */
export async function saveLabels(
  work: Workspace,
  labels: LabelMap,
  inputs: Record<string, string>,
  warnings: readonly string[],
): Promise<void> {
  work.keep({ labels });
  await writeVolume(work.folder.at(CASE_PATHS.labels), labels);
  await work.folder.writeJson(CASE_PATHS.labelTable, { schema: 1, labels: labels.labels });
  await work.folder.finish("labels", warnings, work.provenance(CASE_PATHS.labels, inputs));
}
