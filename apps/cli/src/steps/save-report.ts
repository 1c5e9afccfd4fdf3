import { CASE_PATHS, parseJson, runSummarySchema } from "@viscera/core";
import { displayName, structureOf } from "@viscera/organ";
import { buildReport, type ReportInput } from "@viscera/report";
import type { Workspace } from "../case/workspace.js";
import { VERSION } from "../version.js";

/** Builds report.html from everything the case holds. */
export async function saveReport(work: Workspace): Promise<void> {
  const started = performance.now();
  const html = await buildReport(await reportInput(work), work.context.job("Report"));
  await work.folder.write(CASE_PATHS.report, html);
  await work.folder.finish("report", [], work.provenance(CASE_PATHS.report, {}));
  const size = new TextEncoder().encode(html).length / 1e6;
  work.context.console.step("Report", `${size.toFixed(1)} MB`, (performance.now() - started) / 1000);
}

async function reportInput(work: Workspace): Promise<ReportInput> {
  const { file } = work.folder;
  const organs = work.folder.has("organs") ? await work.organs() : [];
  const meshes: ReportInput["meshes"] = [];
  for (const organ of organs) {
    if (organ.mesh)
      meshes.push({ id: organ.id, name: organ.name, color: organ.color, mesh: await work.mesh(organ) });
  }
  const names = organs.map((organ) => organ.name);
  return {
    caseFile: file,
    organs,
    scan: work.folder.has("scan") ? await work.scan() : null,
    labels: work.folder.has("labels") ? await work.labels() : null,
    meshes,
    runs: await Promise.all(
      file.finished
        .filter((step) => step.startsWith("simulate:"))
        .map((step) => loadRun(work, step.slice("simulate:".length))),
    ),
    displayNames: Object.fromEntries(names.map((name) => [name, displayName(name)])),
    groups: Object.fromEntries(names.map((name) => [name, structureOf(name)?.group ?? "other"])),
    generatedAt: new Date().toISOString(),
    version: VERSION,
  };
}

async function loadRun(work: Workspace, name: string): Promise<ReportInput["runs"][number]> {
  const paths = CASE_PATHS.run(name);
  const summary = parseJson(await work.folder.readText(paths.summary), runSummarySchema, paths.summary);
  const config: unknown = JSON.parse(await work.folder.readText(paths.config));
  const [header = "", ...lines] = (await work.folder.readText(paths.series)).trimEnd().split("\n");
  const rows = lines.map((line) => line.split(",").map(Number));
  const series = header.split(",").map((heading, column) => {
    const [, title = heading, unit = "1"] = /^(.*)\[(.*)\]$/.exec(heading) ?? [];
    const label = title[0]!.toUpperCase() + title.slice(1);
    return { name: title, unit, label, values: Float64Array.from(rows, (row) => row[column]!) };
  });
  return { name, summary, config, series };
}
