/** The page of a case: sections in reading order, then the data and the script that brings them to life. */
import { type JobOptions, sameGrid } from "@viscera/core";
import { CLIENT_SCRIPT, CLIENT_STYLE } from "./client-bundle.js";
import { documentText } from "./document.js";
import { html } from "./html.js";
import { payloadOf } from "./payload.js";
import type { ReportInput } from "./report-input.js";
import { headerSection, titleOf } from "./sections/header.js";
import { measuresSection } from "./sections/measures.js";
import { warningsSection } from "./sections/notice.js";
import { provenanceSection } from "./sections/provenance.js";
import { sceneSection } from "./sections/scene.js";
import { simulationsSection } from "./sections/simulations.js";
import { slicesSection } from "./sections/slices.js";
import { structuresOf } from "./structures.js";

/**
 * One self-contained HTML page about a case. It needs no network and no other file; a Content-Security-Policy
 * forbids both. The same input gives the same text.
 */
export async function buildReport(input: ReportInput, options: JobOptions = {}): Promise<string> {
  const structures = structuresOf(input);
  const payload = await payloadOf(input, structures, options);
  const sameScanGrid = !input.scan || !input.labels || sameGrid(input.scan, input.labels, 0.1);
  const { generatedAt, version } = input;
  const body = html`<a class="skip" href="#main">Skip to the findings</a>
${headerSection(input, structures)}
<nav class="contents" aria-label="Sections"><a href="#slices">Slices</a><a href="#scene">Organs in space</a><a href="#measures">Measures</a>${input.runs.length > 0 && html`<a href="#simulations">Simulations</a>`}<a href="#provenance">Provenance</a></nav>
<main id="main">
${warningsSection(input.caseFile.warnings, input.runs, structures)}
${await slicesSection(payload, { sameScanGrid })}
${await sceneSection(payload, structures)}
${measuresSection(structures)}
${simulationsSection(input.runs)}
${provenanceSection(input.caseFile.provenance, { generatedAt, version, withScene: true })}
</main>`;
  const text = await documentText({
    title: titleOf(input),
    language: input.language ?? "en",
    body,
    manifest: payload.manifest,
    blocks: {
      "image-data": payload.blocks.image,
      "label-data": payload.blocks.labels,
      "mesh-data": payload.blocks.meshes,
    },
    script: CLIENT_SCRIPT,
    style: CLIENT_STYLE,
  });
  options.onProgress?.({ stage: "report", done: 5, total: 5 });
  return text;
}
