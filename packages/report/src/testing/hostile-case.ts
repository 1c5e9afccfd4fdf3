/** For tests only: a case whose every text tries to become markup. */
import type { ReportInput } from "../report-input.js";
import { smallCase } from "./small-case.js";

export const HOSTILE = `"'></script></style><img src=x onerror="document.title='broken'"><!--`;

export function hostileCase(): ReportInput {
  const input = smallCase();
  const [liver, spleen] = input.organs;
  const run = input.runs[0]!;
  input.title = HOSTILE;
  input.displayNames = { liver: HOSTILE, spleen: `=HYPERLINK("x")${HOSTILE}` };
  input.groups = { liver: HOSTILE, spleen: HOSTILE };
  liver!.color = HOSTILE;
  liver!.intensity!.unit = HOSTILE;
  spleen!.name = "spleen";
  input.generatedAt = HOSTILE;
  input.version = HOSTILE;
  input.caseFile.scan!.modality = HOSTILE;
  input.caseFile.scan!.orientation = HOSTILE;
  input.caseFile.warnings.push({ step: HOSTILE, message: HOSTILE });
  input.caseFile.provenance.push({
    file: HOSTILE,
    command: HOSTILE,
    version: HOSTILE,
    inputs: { [HOSTILE]: HOSTILE },
    seed: null,
    date: HOSTILE,
  });
  input.scan!.unit = HOSTILE;
  input.labels!.labels.push({ id: 77, name: HOSTILE, color: HOSTILE, snomed: HOSTILE, source: HOSTILE });
  input.meshes[0]!.name = HOSTILE;
  input.meshes[0]!.color = HOSTILE;
  run.name = HOSTILE;
  run.config = { [HOSTILE]: HOSTILE };
  for (const column of run.series.slice(0, 2)) {
    column.label = HOSTILE;
    column.unit = HOSTILE;
  }
  Object.assign(run.summary, { simulation: HOSTILE, title: HOSTILE, version: HOSTILE, warnings: [HOSTILE] });
  Object.assign(run.summary.values[0]!, { name: HOSTILE, label: HOSTILE, unit: HOSTILE });
  run.series[1]!.structures = ["liver"];
  run.series[2]!.structures = ["spleen", HOSTILE];
  const [plot] = run.summary.plots;
  const points = [{ label: HOSTILE, x: [1], y: [2] }];
  const bands = [{ label: HOSTILE, low: "liver", high: "liver" }];
  Object.assign(plot!, { title: HOSTILE, bands, points });
  const axis = { label: HOSTILE, unit: HOSTILE };
  run.summary.plots.push({
    ...plot!,
    columns: [],
    bands: [],
    axes: { x: axis, y: axis, identity: true },
  });
  run.summary.tables = [{ title: HOSTILE, columns: [HOSTILE], rows: [[HOSTILE], [1]] }];
  return input;
}
