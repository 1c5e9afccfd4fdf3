/** The page of runs that belong to no case: the same sections as a case's, without image and organs. */
import { chartsOf } from "./charts.js";
import { CLIENT_STYLE, RUN_SCRIPT } from "./client-bundle.js";
import { documentText } from "./document.js";
import { html } from "./html.js";
import type { ReportRun } from "./report-input.js";
import { masthead, runFigures } from "./sections/header.js";
import { provenanceSection } from "./sections/provenance.js";
import { simulationsSection } from "./sections/simulations.js";
import { capitalised } from "./wording.js";

export interface RunReportInput {
  title: string;
  runs: readonly ReportRun[];
  /** ISO 8601; given, so that the same input gives the same page. */
  generatedAt: string;
  /** Version of the program that makes the page. */
  version: string;
}

/** One self-contained HTML page about runs; what `buildReport` promises holds here, too. */
export async function buildRunReport(input: RunReportInput): Promise<string> {
  const { runs, generatedAt, version } = input;
  const title = capitalised(input.title);
  const body = html`<a class="skip" href="#main">Skip to the findings</a>
<header class="head">
${masthead("simulation report", title)}
${runFigures(runs)}
</header>
<main id="main">
${simulationsSection(runs, title)}
${provenanceSection(null, { generatedAt, version, withScene: false })}
</main>`;
  return documentText({
    title,
    language: "en",
    body,
    manifest: { charts: runs.flatMap(chartsOf) },
    blocks: {},
    script: RUN_SCRIPT,
    style: CLIENT_STYLE,
  });
}
