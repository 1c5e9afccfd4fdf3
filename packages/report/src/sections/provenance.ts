/** How every file of the case came to be, and what the page itself is made with. */
import type { ProvenanceEntry } from "@viscera/core";
import { html, type Markup } from "../html.js";
import { withoutPaths } from "../wording.js";

/** "2026-11-21 07:05 UTC"; another notation is shown as it is. */
export function dateText(iso: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?Z$/.exec(iso);
  return match ? `${match[1]} ${match[2]} UTC` : iso;
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/** When and by which version a page was made, and whose code is in it. */
export interface Imprint {
  /** ISO 8601. */
  generatedAt: string;
  version: string;
  /** Whether the page's script holds three.js. */
  withScene: boolean;
}

/** `provenance`: of a case's files; null for a page that stands by itself. */
export function provenanceSection(
  provenance: readonly ProvenanceEntry[] | null,
  { generatedAt, version, withScene }: Imprint,
): Markup {
  return html`<section id="provenance" aria-labelledby="provenance-title">
<h2 id="provenance-title">Provenance</h2>
${
  provenance !== null &&
  (provenance.length === 0
    ? html`<p class="empty">The case does not say how its files came to be.</p>`
    : html`<div class="table-scroll" tabindex="0" role="region" aria-labelledby="provenance-title"><table class="provenance">
<thead><tr><th scope="col">File</th><th scope="col">Made by</th><th scope="col">Version</th><th scope="col">Inputs (SHA-256)</th><th scope="col" class="number">Seed</th><th scope="col">Date</th></tr></thead>
<tbody>${provenance.map(
        (
          entry,
        ) => html`<tr><th scope="row">${withoutPaths(entry.file)}</th><td><code>${withoutPaths(entry.command)}</code></td><td>${entry.version}</td>
<td>${Object.entries(entry.inputs).map(([role, hash]) => html`<span class="hash">${withoutPaths(role)} <abbr title="${hash}">${hash.slice(0, 12)}</abbr></span>`)}</td>
<td class="number">${entry.seed ?? "–"}</td><td>${dateText(entry.date)}</td></tr>`,
      )}</tbody></table></div>`)
}
<p class="caption">Page made by Viscera ${version} on ${dateText(generatedAt)}. Everything on it is inside this one file; it loads nothing from anywhere.</p>
<details class="fold"><summary>Licences of the code in this page</summary>
<p class="licence">Viscera, Apache License 2.0. The page contains ${withScene && "three.js (copyright © 2010–2026 three.js authors) and "}uPlot (copyright © 2022 Leon Sorokin) under the MIT License:</p>
<p class="licence">${MIT}</p></details>
</section>`;
}
