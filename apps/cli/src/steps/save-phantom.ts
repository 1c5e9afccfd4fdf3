import { CASE_PATHS } from "@viscera/core";
import type { Phantom } from "@viscera/phantom";
import type { Workspace } from "../case/workspace.js";
import { countOf } from "../terminal/console.js";
import { saveLabels } from "./save-labels.js";
import { saveScan } from "./save-scan.js";

/** Writes a synthetic patient into the case: scan, true labels, true physiology. */
export async function savePhantom(work: Workspace, phantom: Phantom): Promise<void> {
  work.keep({ labels: phantom.labels });
  const origin = { inputs: {}, warnings: [], seed: phantom.truth.parameters.seed };
  await saveScan(work, phantom.scan, origin);
  await work.step("labels", "Labels", async () => {
    await work.folder.writeJson(CASE_PATHS.truth, phantom.truth);
    await saveLabels(work, phantom.labels, origin);
    return `${countOf(phantom.labels.labels.length, "structure")}, true ones of the synthetic patient`;
  });
}
