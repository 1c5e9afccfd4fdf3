import { join } from "node:path";
import { CASE_PATHS, parseJson, runSummarySchema } from "@viscera/core";
import type { Workspace } from "../case/workspace.js";

/** The result of a verb that made a case, for people and for programs. */
export async function printCase(work: Workspace): Promise<void> {
  const { folder, context } = work;
  const organs = folder.has("organs") ? await work.organs() : [];
  const runs = folder.file.finished
    .filter((step) => step.startsWith("simulate:"))
    .map((step) => step.slice(9));
  const summaries = await Promise.all(
    runs.map(async (name) => {
      const path = CASE_PATHS.run(name).summary;
      return parseJson(await folder.readText(path), runSummarySchema, path);
    }),
  );
  for (const { message } of folder.file.warnings) context.console.warning(message);
  const largest = [...organs].sort((a, b) => b.volumeMl - a.volumeMl).slice(0, 3);
  const report = folder.has("report") ? join(folder.path, CASE_PATHS.report) : null;
  context.console.text("");
  context.console.facts([
    ["Case", folder.path],
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
        .map(({ label, value, unit }) => ["", `${label}: ${Number(value.toPrecision(3))} ${unit}`] as const),
    ]),
    ...(report ? [["Report", report] as const] : []),
  ]);
  context.console.result({
    case: folder.path,
    structures: organs.length,
    organs: organs.map(({ id, name, volumeMl, touchesBorder }) => ({ id, name, volumeMl, touchesBorder })),
    runs: Object.fromEntries(summaries.map((summary) => [summary.simulation, summary.values])),
    warnings: folder.file.warnings,
    report,
  });
}
