/** The page: sections in reading order, then the data and the script that brings them to life. */
import { type JobOptions, sameGrid } from "@viscera/core";
import { CLIENT_SCRIPT, CLIENT_STYLE } from "./client-bundle.js";
import { cspHash } from "./compression.js";
import { html, Markup, scriptJson } from "./html.js";
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
  const policy = [
    "default-src 'none'",
    `script-src ${await cspHash(CLIENT_SCRIPT)}`,
    `style-src ${await cspHash(CLIENT_STYLE)}`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const body = html`<a class="skip" href="#main">Skip to the findings</a>
${headerSection(input, structures)}
<nav class="contents" aria-label="Sections"><a href="#slices">Slices</a><a href="#scene">Organs in space</a><a href="#measures">Measures</a>${input.runs.length > 0 && html`<a href="#simulations">Simulations</a>`}<a href="#provenance">Provenance</a></nav>
<main id="main">
${warningsSection(input, structures)}
${await slicesSection(payload, { sameScanGrid })}
${await sceneSection(payload, structures)}
${measuresSection(structures)}
${simulationsSection(input)}
${provenanceSection(input)}
</main>`;
  const page = html`<!doctype html>
<html lang="${input.language ?? "en"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${titleOf(input)}</title>
<link rel="icon" href="data:,">
<style>${new Markup(CLIENT_STYLE)}</style>
</head>
<body>
${body}
<script type="application/json" id="manifest">${scriptJson(payload.manifest)}</script>
<script type="text/plain" id="image-data">${new Markup(payload.blocks.image)}</script>
<script type="text/plain" id="label-data">${new Markup(payload.blocks.labels)}</script>
<script type="text/plain" id="mesh-data">${new Markup(payload.blocks.meshes)}</script>
<script>${new Markup(CLIENT_SCRIPT)}</script>
</body>
</html>
`;
  options.onProgress?.({ stage: "report", done: 5, total: 5 });
  return page.text;
}
