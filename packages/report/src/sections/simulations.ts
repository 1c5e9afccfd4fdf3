/** Each run: its numbers, curves, explanatory tables and configuration. */
import type { Table } from "@viscera/core";
import { axisTitle, chartLegend, chartSvg } from "../chart-svg.js";
import { type Chart, chartsOf } from "../charts.js";
import { html, type Markup } from "../html.js";
import { formatCount, formatNumber, formatUnit, readable } from "../numbers.js";
import type { ReportRun } from "../report-input.js";
import { capitalised, valueWithoutPaths, withoutPaths } from "../wording.js";

/** Charts of a run that are open at once; further ones are folded away. */
const OPEN_CHARTS = 6;

function valuesTable(run: ReportRun): Markup {
  const { values } = run.summary;
  if (values.length === 0) return html``;
  const intervals = values.some(({ low, high }) => low !== null && high !== null);
  return html`<table class="values">
<caption>Results</caption>
<thead><tr><th scope="col">Quantity</th><th scope="col" class="number">Value</th><th scope="col">Unit</th>${intervals && html`<th scope="col" class="number">Interval</th>`}</tr></thead>
<tbody>${values.map((quantity) => {
    const { label, value, unit, low, high } = readable(quantity);
    return html`<tr><th scope="row">${label}</th><td class="number">${formatNumber(value)}</td><td class="unit-cell">${formatUnit(unit)}</td>${intervals && html`<td class="number">${low !== null && high !== null ? `${formatNumber(low)} to ${formatNumber(high)}` : ""}</td>`}</tr>`;
  })}</tbody></table>`;
}

function chartFigure(chart: Chart, number: number): Markup {
  return html`<figure class="chart" data-chart="${number}">
<figcaption><strong>${chart.title}</strong>${against(chart)}</figcaption>
<div class="live"></div>
<div class="static">${chartSvg(chart)}${chartLegend(chart)}</div>
${chart.thinned && html`<p class="caption">Drawn with fewer points than were computed; peaks and troughs are kept.</p>`}
</figure>`;
}

function chartGrid(charts: readonly Chart[], first: number): Markup {
  if (charts.length === 0) return html``;
  return html`<div class="charts">${charts.map((chart, i) => chartFigure(chart, first + i))}</div>`;
}

/** "mg/L against time (h)"; nothing where it would only say "against time". */
function against(chart: Chart): Markup {
  const what = axisTitle(chart.yLabel, chart.unit);
  if (what === "") return html``;
  return html`<span class="axis-unit">${what} against ${axisTitle(lowered(chart.xLabel), chart.xUnit)}</span>`;
}

/** "Time" within a sentence; "AUC" and "CL" stay. */
function lowered(label: string): string {
  return /^.[A-Z]/.test(label) ? label : label.charAt(0).toLowerCase() + label.slice(1);
}

function explanatoryTable({ title, columns, rows }: Table): Markup {
  const numeric = columns.map((_, c) => rows.some((r) => typeof r[c] === "number"));
  const whole = columns.map((_, c) => rows.every((r) => typeof r[c] !== "number" || Number.isInteger(r[c])));
  const long = rows.length > 14;
  const table = html`<div class="table-scroll" tabindex="0" role="region" aria-label="${title}"><table>
${!long && html`<caption>${title}</caption>`}
<thead><tr>${columns.map((column, c) => html`<th scope="col"${numeric[c] && html` class="number"`}>${columnTitle(column)}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((cell, c) => html`<td${numeric[c] && html` class="number"`}>${cellText(cell, whole[c]!, columns[c] === "Unit")}</td>`)}</tr>`,
  )}</tbody></table></div>`;
  return long
    ? html`<details class="fold print-open"><summary>${title} (${rows.length} rows)</summary>${table}</details>`
    : table;
}

/** A UCUM code in brackets at the end, as people write it. */
function columnTitle(title: string): string {
  return title.replace(/\(([^\s()]*[./][^\s()]*)\)$/, (_, unit: string) => `(${formatUnit(unit)})`);
}

/** `whole`: the column holds whole numbers only; `unit`: it holds UCUM codes. */
function cellText(cell: string | number | null, whole: boolean, unit: boolean): string {
  if (cell === null) return "–";
  if (typeof cell === "string") return unit ? formatUnit(cell) : withoutPaths(cell);
  return whole ? formatCount(cell) : formatNumber(cell);
}

function runSection(run: ReportRun, firstChart: number, pageTitle: string): Markup {
  const charts = chartsOf(run);
  const { summary } = run;
  const title = capitalised(summary.title);
  return html`<section class="run" aria-label="${title}">
${title !== pageTitle && html`<h3>${title}</h3>`}
<p class="meta">Simulation “${summary.simulation}”, version ${summary.version}${run.name !== summary.simulation && html`; run “${run.name}”`}</p>
${
  summary.warnings.length > 0 &&
  html`<ul class="run-warnings">${summary.warnings.map((message) => html`<li>${withoutPaths(message)}</li>`)}</ul>`
}
${valuesTable(run)}
${charts.length > 0 && html`<p class="hint script-only">In the curves: drag across to zoom, double-click to see all, click a name to hide its curve.</p>`}
${chartGrid(charts.slice(0, OPEN_CHARTS), firstChart)}
${
  charts.length > OPEN_CHARTS &&
  html`<details class="fold"><summary>${charts.length - OPEN_CHARTS} more charts</summary>${chartGrid(charts.slice(OPEN_CHARTS), firstChart + OPEN_CHARTS)}</details>`
}
<div class="tables">${summary.tables.map(explanatoryTable)}</div>
<details class="fold"><summary>Configuration as it was used</summary><pre tabindex="0">${JSON.stringify(valueWithoutPaths(run.config), null, 2) ?? "none"}</pre></details>
</section>`;
}

/** `pageTitle`: a run of that title need not say it again. */
export function simulationsSection(runs: readonly ReportRun[], pageTitle = ""): Markup {
  if (runs.length === 0) return html``;
  let next = 0;
  const sections = runs.map((run) => {
    const section = runSection(run, next, pageTitle);
    next += chartsOf(run).length;
    return section;
  });
  return html`<section id="simulations" aria-labelledby="simulations-title">
<h2 id="simulations-title">${pageTitle === "" ? "Simulations" : "Results"}</h2>
${sections}
</section>`;
}
