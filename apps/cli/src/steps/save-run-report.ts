import type { Run } from "@viscera/core";
import { buildRunReport } from "@viscera/report";
import { writeWhole } from "@viscera/scan/node";
import type { CommandContext } from "../terminal/context.js";
import { VERSION } from "../version.js";
import { summaryOf } from "./save-simulation.js";

/** Writes the page of a run that belongs to no case, whole or not at all. */
export async function saveRunReport(context: CommandContext, path: string, run: Run): Promise<void> {
  const started = performance.now();
  const summary = summaryOf(run);
  const { config, series } = run;
  const html = await buildRunReport({
    title: summary.title,
    runs: [{ name: summary.simulation, summary, config, series }],
    generatedAt: new Date().toISOString(),
    version: VERSION,
  });
  const bytes = new TextEncoder().encode(html);
  await writeWhole(path, bytes);
  context.console.step(
    "Report",
    `${path}, ${(bytes.length / 1e6).toFixed(1)} MB`,
    (performance.now() - started) / 1000,
  );
}
