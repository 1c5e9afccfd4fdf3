import { CASE_PATHS } from "@viscera/core";
import { completeLabels } from "@viscera/organ";
import type { Phantom } from "@viscera/phantom";
import { type LoadedModel, segmentVolume } from "@viscera/segment";
import type { Workspace } from "../case/workspace.js";
import { countOf } from "../terminal/console.js";
import { saveLabels } from "./save-labels.js";
import { saveScan } from "./save-scan.js";

/**
 * Writes a synthetic patient into the case: scan, labels, true physiology. The labels are the true ones, or those of a
 * network beside them.
 */
export async function savePhantom(
  work: Workspace,
  phantom: Phantom,
  network: LoadedModel | null = null,
): Promise<void> {
  const origin = { inputs: {}, warnings: [], seed: phantom.truth.parameters.seed };
  await saveScan(work, phantom.scan, origin);
  if (!network) work.keep({ labels: phantom.labels });
  await work.step("labels", "Labels", async () => {
    await work.folder.writeJson(CASE_PATHS.truth, phantom.truth);
    if (!network) {
      await saveLabels(work, phantom.labels, origin);
      return `${countOf(phantom.labels.labels.length, "structure")}, true ones of the synthetic patient`;
    }
    await work.folder.writeVolume(CASE_PATHS.trueLabels, phantom.labels);
    const found = await segmentVolume(phantom.scan, network, work.context.job("Labels"));
    const { name, version, sha256 } = network.description;
    const table = completeLabels(found.labels.labels, `model:${name}@${version}`);
    const labels = { ...found.labels, labels: table };
    await saveLabels(work, labels, { inputs: { model: sha256 }, warnings: found.warnings }, found);
    return `${countOf(table.length, "structure")}, by ${name} ${version}`;
  });
}
