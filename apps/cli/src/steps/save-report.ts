import { CASE_PATHS, inputError, parseJson, type RunSummary, runSummarySchema } from "@viscera/core";
import { displayName, STRUCTURE_GROUPS, structureOf } from "@viscera/organ";
import { buildReport, type ReportInput } from "@viscera/report";
import type { Workspace } from "../case/workspace.js";
import { simulationOf } from "../simulations.js";
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
    groups: Object.fromEntries(names.map((name) => [name, groupTitle(name)])),
    generatedAt: new Date().toISOString(),
    version: VERSION,
  };
}

/** Body system for people; structures that the dictionary does not know stand together at the end. */
function groupTitle(name: string): string {
  const group = structureOf(name)?.group;
  return group ? STRUCTURE_GROUPS[group] : "Other structures";
}

async function loadRun(work: Workspace, name: string): Promise<ReportInput["runs"][number]> {
  const paths = CASE_PATHS.run(name);
  const summary = parseJson(await work.folder.readText(paths.summary), runSummarySchema, paths.summary);
  const config = parseJson(
    await work.folder.readText(paths.config),
    simulationOf(summary.simulation).configSchema,
    paths.config,
  );
  const series = work.folder.holds(paths.series)
    ? seriesOf(await work.folder.readText(paths.series), paths.series, summary)
    : [];
  return { name, summary, config, series };
}

/** Columns of a series.csv. Throws `input.series`, naming the line. */
export function seriesOf(
  text: string,
  path: string,
  summary: RunSummary,
): ReportInput["runs"][number]["series"] {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const headings = header.split(",").map((heading) => /^([^[]+)\[(.*)\]$/.exec(heading));
  const rows = lines.map((line) => line.split(",").map(Number));
  const isWhole = (row: number[], i: number) =>
    row.length === headings.length && (lines[i]!.includes("NaN") || !row.some(Number.isNaN));
  const wrong = headings.includes(null) ? 0 : rows.findIndex((row, i) => !isWhole(row, i)) + 1;
  if (headings.includes(null) || wrong > 0) {
    throw inputError(
      "series",
      `${path} is damaged in line ${wrong + 1}.`,
      `Run the simulation again with \`viscera simulate\`.`,
    );
  }
  return headings.map((match, column) => {
    const [, name = "", unit = "1"] = match!;
    const { label = name, structures = [] } = summary.series.find((entry) => entry.name === name) ?? {};
    return { name, unit, label, structures, values: Float64Array.from(rows, (row) => row[column]!) };
  });
}
