import { join } from "node:path";
import { CASE_PATHS, parseJson, runSummarySchema, type ScanInfo } from "@viscera/core";
import { formatQuantity } from "@viscera/report";
import type { Workspace } from "../case/workspace.js";
import { describePatient } from "../steps/describe-patient.js";

/**
 * A case for people and for programs; `whole` also tells what those who just made it know, `facts` are for programs
 * only.
 */
export async function printCase(
  work: Workspace,
  { whole = false, facts = {} }: { whole?: boolean; facts?: Record<string, unknown> } = {},
): Promise<void> {
  const { folder, context } = work;
  const { file } = folder;
  const organs = folder.has("organs") ? await work.organs() : [];
  const runs = file.finished.filter((step) => step.startsWith("simulate:")).map((step) => step.slice(9));
  const summaries = await Promise.all(
    runs.map(async (name) => {
      const path = CASE_PATHS.run(name).summary;
      return parseJson(await folder.readText(path), runSummarySchema, path);
    }),
  );
  for (const { message } of file.warnings) context.console.warning(message);
  const largest = [...organs].sort((a, b) => b.volumeMl - a.volumeMl).slice(0, 3);
  const report = folder.has("report") ? join(folder.path, CASE_PATHS.report) : null;
  context.console.text("");
  context.console.facts([
    ["Case", `${folder.path}${whole && file.kind === "phantom" ? " (a synthetic patient)" : ""}`],
    ...(whole
      ? [
          ["Scan", file.scan ? describeScan(file.scan) : "none yet"] as const,
          ["Patient", describePatient(file.patient)] as const,
          [
            "Finished",
            file.finished.map((step) => step.replace("simulate:", "")).join(", ") || "nothing yet",
          ] as const,
        ]
      : []),
    ...(organs.length > 0
      ? [
          [
            "Organs",
            `${organs.length}; largest: ${largest.map((o) => `${o.name} ${o.volumeMl.toFixed(1)} mL`).join(", ")}`,
          ] as const,
        ]
      : []),
    ...summaries.flatMap((summary) => [
      [summary.simulation, summary.title] as const,
      ...summary.values
        .slice(0, 6)
        .map(({ label, value, unit }) => ["", `${label}: ${formatQuantity(value, unit)}`] as const),
    ]),
    ...(report ? [["Report", report] as const] : []),
  ]);
  context.console.result({
    case: folder.path,
    ...(whole ? { kind: file.kind, scan: file.scan, patient: file.patient, finished: file.finished } : {}),
    structures: organs.length,
    organs: organs.map(({ id, name, volumeMl, touchesBorder }) => ({ id, name, volumeMl, touchesBorder })),
    runs: Object.fromEntries(summaries.map((summary) => [summary.simulation, summary.values])),
    warnings: file.warnings,
    report,
    ...facts,
  });
}

function describeScan({ modality, size, spacingMm }: ScanInfo): string {
  const spacing = spacingMm.map((mm) => +mm.toFixed(2)).join(" x ");
  return `${modality ? `${modality}, ` : ""}${size.join(" x ")} voxels of ${spacing} mm`;
}
