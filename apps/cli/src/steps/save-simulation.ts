import { createHash } from "node:crypto";
import {
  CASE_PATHS,
  checkValue,
  type Run,
  type RunSummary,
  runSummarySchema,
  type SeriesColumn,
  type Simulation,
} from "@viscera/core";
import { formatQuantity } from "@viscera/report";
import type { Workspace } from "../case/workspace.js";

/** Runs one simulation in a case and writes its files. `config` is what the user gave; `{}` for the defaults. */
export async function saveSimulation(
  work: Workspace,
  simulation: Simulation,
  config: unknown,
  where: string,
): Promise<void> {
  const checked = checkValue(config, simulation.configSchema, where);
  const title = simulation.id[0]!.toUpperCase() + simulation.id.slice(1);
  await work.step(`simulate:${simulation.id}`, title, async () => {
    const run = await simulation.run(
      {
        patient: work.folder.file.patient,
        organs: await work.organs(),
        scan: () => work.scan(),
        labels: () => work.labels(),
      },
      checked,
      work.context.job(simulation.id),
    );
    const paths = CASE_PATHS.run(simulation.id);
    const configText = `${JSON.stringify(run.config, null, 2)}\n`;
    await work.folder.replaceFolder(paths.folder, async (stage) => {
      const staged = CASE_PATHS.run(stage.slice(stage.lastIndexOf("/") + 1));
      await work.folder.write(staged.config, configText);
      if (run.series.length > 0) await work.folder.write(staged.series, seriesCsv(run.series));
      for (const { name, volume } of run.fields)
        await work.folder.writeVolume(staged.field(name, "nii.gz"), volume);
      const summary = summaryOf(run);
      await work.folder.writeJson(staged.summary, summary);
    });
    await work.folder.finish(
      `simulate:${simulation.id}`,
      run.summary.warnings,
      work.provenance(
        `${paths.folder}/`,
        { config: createHash("sha256").update(configText).digest("hex") },
        work.context.seed,
      ),
    );
    const [first] = run.summary.values;
    return first ? `${first.label} ${formatQuantity(first.value, first.unit)}` : run.summary.title;
  });
}

/** A run's summary as it is written: columns described, plots complete. */
export function summaryOf({ summary, series }: Run): RunSummary {
  return runSummarySchema.parse({
    ...summary,
    series: series.map(({ name, unit, label, structures = [] }) => ({ name, unit, label, structures })),
  });
}

/** series.csv: one column a quantity, headers `name[unit]`. */
export function seriesCsv(series: readonly SeriesColumn[]): string {
  const lines = [series.map(({ name, unit }) => `${name}[${unit}]`).join(",")];
  for (let i = 0; i < series[0]!.values.length; i++)
    lines.push(series.map(({ values }) => String(values[i])).join(","));
  return `${lines.join("\n")}\n`;
}
