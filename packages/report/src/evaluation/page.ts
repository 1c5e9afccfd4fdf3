/** The page of an evaluation: summary, distributions, volumes, the worst cases. No script: everything is drawn. */
import { CLIENT_STYLE } from "../client-bundle.js";
import { documentText } from "../document.js";
import { html, type Markup } from "../html.js";
import { formatCount, formatFixed, formatNumber, formatUnit } from "../numbers.js";
import { masthead } from "../sections/header.js";
import { dateText } from "../sections/provenance.js";
import { agreementOf, blandAltman } from "./bland-altman.js";
import { boxPlot } from "./box-plot.js";
import type { EvaluationReportInput, ShownMetric, ShownSummary } from "./input.js";
import { worstCaseSection } from "./worst-case.js";

/** Structures that get a Bland-Altman plot; the table has all. */
const MOST_PLOTS = 12;
/** More structures than this are folded away; the worst of them stay in sight. */
const MOST_ROWS = 20;
const WORST_ROWS = 10;
/** Most failed cases that are listed. */
const MOST_FAILED = 50;

/** One self-contained HTML page about an evaluation. The same input gives the same text. */
export async function buildEvaluationReport(input: EvaluationReportInput): Promise<string> {
  const worst: Markup[] = [];
  for (const one of input.worst) worst.push(await worstCaseSection(one));
  const body = html`<a class="skip" href="#main">Skip to the findings</a>
<header class="head">
${masthead("evaluation", input.title)}
<dl class="facts">${[["Convention", input.convention], ...input.facts].map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<nav class="contents" aria-label="Sections"><a href="#summary">Summary</a><a href="#distributions">Distributions</a><a href="#volumes">Volumes</a>${worst.length > 0 && html`<a href="#worst">Worst cases</a>`}</nav>
<main id="main">
${noticeSection(input)}
<section id="summary" aria-labelledby="summary-title"><h2 id="summary-title">Summary</h2>
${input.metrics.map((metric, m) => summaryTables(metric, input.structures, input.summaries[m]!, input.overall[m]!))}
<p class="caption">Over the cases with a finite value; the 95 % interval is that of the mean, by the bootstrap. Cases without a value are counted, not averaged.</p></section>
${distributionsSection(input)}
${volumesSection(input)}
${worst.length > 0 && html`<section id="worst" aria-labelledby="worst-title"><h2 id="worst-title">Worst cases</h2><p class="caption">${input.worstBy} All slices pass through the place where one surface is farthest from the other. The patient's right is on the viewer's left.</p>${worst}</section>`}
<section id="provenance"><h2>About this page</h2><p class="caption">Page made by Viscera ${input.version} on ${dateText(input.generatedAt)}. Everything on it is inside this one file; it loads nothing from anywhere. All values are in cases.csv and results.json beside it.</p></section>
</main>`;
  return documentText({
    title: input.title,
    language: "en",
    body,
    manifest: {},
    blocks: {},
    script: "",
    style: CLIENT_STYLE,
  });
}

function noticeSection({ failed, notes }: EvaluationReportInput): Markup | false {
  if (failed.length + notes.length === 0) return false;
  return html`<section class="warnings" aria-labelledby="warnings-title"><h2 id="warnings-title">Please note</h2><ul>
${failed.slice(0, MOST_FAILED).map(({ name, message }) => html`<li><span class="from">${name}</span> Not evaluated: ${message}</li>`)}
${failed.length > MOST_FAILED && html`<li><span class="from">And</span> ${formatCount(failed.length - MOST_FAILED)} more cases could not be evaluated.</li>`}
${notes.map((note) => html`<li><span class="from">Note</span> ${note}</li>`)}
</ul></section>`;
}

/** Enough digits for shares; three significant ones for the rest. */
function number(value: number, unit: string): string {
  return unit === "1" ? formatFixed(value, 3) : formatNumber(value);
}

interface Row {
  name: string;
  one: ShownSummary;
}

const isMeasured = ({ count, missing, infinite }: ShownSummary) => count + missing + infinite > 0;

/** Worst first: by the mean, and what has none before all. */
function worstFirst(rows: readonly Row[], better: ShownMetric["better"]): Row[] {
  const badness = ({ one }: Row) =>
    Number.isNaN(one.mean) ? Number.NEGATIVE_INFINITY : better === "lower" ? -one.mean : one.mean;
  return [...rows].sort((a, b) => badness(a) - badness(b));
}

/** The structures' summaries with the mean over them; of many the worst, and all in a fold. */
function summaryTables(
  metric: ShownMetric,
  structures: readonly string[],
  summaries: readonly ShownSummary[],
  overall: ShownSummary,
): Markup {
  // A metric that was asked for some structures only (clDice, lesions) says nothing of the others.
  const rows = structures.flatMap((name, s) =>
    isMeasured(summaries[s]!) ? [{ name, one: summaries[s]! }] : [],
  );
  const all = rows.length > 1 ? [{ name: "Mean over the structures", one: overall }] : [];
  if (rows.length <= MOST_ROWS) return summaryTable(metric, [...rows, ...all]);
  return html`${summaryTable(metric, [...all, ...worstFirst(rows, metric.better).slice(0, WORST_ROWS)], `the ${WORST_ROWS} worst structures`)}
<details class="fold"><summary>${metric.label} of all ${rows.length} structures</summary>${summaryTable(metric, rows)}</details>`;
}

function summaryTable({ label, unit, better }: ShownMetric, rows: readonly Row[], note = ""): Markup {
  const shown = formatUnit(unit);
  const withMissing = rows.some(({ one }) => one.missing > 0);
  const withInfinite = rows.some(({ one }) => one.infinite > 0);
  const at = (value: number) => number(value, unit);
  const cell = (content: Markup | string | number) => html`<td class="number">${content}</td>`;
  const range = (low: number, high: number) => (Number.isNaN(low) ? "–" : `${at(low)} to ${at(high)}`);
  const heading = (text: string) => html`<th scope="col" class="number">${text}</th>`;
  const meta = [better && `${better} is better`, note].filter((text) => text).join("; ");
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="${label}"><table class="evaluation-table">
<caption>${label}${shown && `, ${shown}`}${meta && html` <span class="meta">(${meta})</span>`}</caption>
<thead><tr><th scope="col">Structure</th>${["Mean", "95 % interval", "SD", "Median", "Quartiles", "Cases"].map(heading)}${withMissing && heading("No value")}${withInfinite && heading("Infinite")}</tr></thead>
<tbody>${rows.map(
    ({ name, one }) =>
      html`<tr><th scope="row">${name}</th>${cell(html`<strong>${at(one.mean)}</strong>`)}${cell(range(one.ciLow, one.ciHigh))}${cell(at(one.sd))}${cell(at(one.median))}${cell(range(one.q1, one.q3))}${cell(one.count)}${withMissing && cell(one.missing || "")}${withInfinite && cell(one.infinite || "")}</tr>`,
  )}</tbody></table></div>`;
}

function distributionsSection(input: EvaluationReportInput): Markup {
  const { metrics, structures, cases, values, summaries } = input;
  const plots = metrics.map(({ label, unit, better }, m) => {
    const rows = structures.flatMap((name, s) =>
      isMeasured(summaries[m]![s]!)
        ? [{ name, one: summaries[m]![s]!, values: values[m]![s]!, names: cases }]
        : [],
    );
    if (rows.length <= MOST_ROWS) return boxPlot(label, unit, rows);
    const worst = new Set(worstFirst(rows, better).slice(0, MOST_ROWS));
    return boxPlot(
      label,
      unit,
      rows.filter((row) => worst.has(row)),
    );
  });
  return html`<section id="distributions" aria-labelledby="distributions-title"><h2 id="distributions-title">Distributions</h2>
<div class="charts">${plots.map((plot, m) => html`<figure class="chart"><figcaption><strong>${metrics[m]!.label}</strong></figcaption>${plot ?? html`<p class="empty">No case has a value.</p>`}</figure>`)}</div>
<p class="caption">Boxes are quartiles with the median, whiskers reach the last value within 1.5 times the box, points are cases.${structures.length > MOST_ROWS && ` Of each metric the ${MOST_ROWS} structures with the worst means.`}</p></section>`;
}

function volumesSection({ structures, truthMl, predictionMl, cases }: EvaluationReportInput): Markup {
  const rows = structures.map((name, s) => {
    // A structure that neither image holds says nothing about its volume.
    const kept = cases.flatMap((_, c) => (truthMl[s]![c]! + predictionMl[s]![c]! > 0 ? [c] : []));
    const pick = (values: readonly number[]) => kept.map((c) => values[c]!);
    return {
      name,
      truth: pick(truthMl[s]!),
      prediction: pick(predictionMl[s]!),
      cases: kept.map((c) => cases[c]!),
    };
  });
  const relative = ({ truth, prediction }: (typeof rows)[number]) =>
    Math.abs(agreementOf(truth, prediction).bias) / (truth.reduce((a, b) => a + b, 0) / truth.length);
  const drawable = rows.filter(({ cases: own }) => own.length > 1);
  const chosen = new Set([...drawable].sort((a, b) => relative(b) - relative(a)).slice(0, MOST_PLOTS));
  const drawn = drawable.filter((row) => chosen.has(row));
  const table = html`<div class="table-scroll" tabindex="0" role="region" aria-label="Agreement of volumes"><table class="evaluation-table">
<caption>Agreement of volumes, mL</caption>
<thead><tr><th scope="col">Structure</th><th scope="col" class="number">Mean of the truth</th><th scope="col" class="number">Bias</th><th scope="col" class="number">Limits of agreement</th><th scope="col" class="number">Cases</th></tr></thead>
<tbody>${rows.map(({ name, truth, prediction }) => {
    const { bias, low, high, count } = agreementOf(truth, prediction);
    const mean = truth.reduce((a, b) => a + b, 0) / count;
    return html`<tr><th scope="row">${name}</th><td class="number">${formatNumber(mean)}</td><td class="number">${formatNumber(bias)}</td><td class="number">${Number.isNaN(low) ? "–" : `${formatNumber(low)} to ${formatNumber(high)}`}</td><td class="number">${count}</td></tr>`;
  })}</tbody></table></div>`;
  return html`<section id="volumes" aria-labelledby="volumes-title"><h2 id="volumes-title">Volumes</h2>
${drawn.length > 0 && html`<div class="charts">${drawn.map((row) => blandAltman(row.name, row.truth, row.prediction, row.cases))}</div>`}
${rows.length > MOST_ROWS ? html`<details class="fold"><summary>Agreement of volumes of all ${rows.length} structures</summary>${table}</details>` : table}
<p class="caption">Bias is the mean of prediction − truth, limits of agreement lie 1.96 standard deviations around it (Bland and Altman 1986).${drawn.length < rows.length && ` Plots of ${drawn.length} structures: those with two or more cases${drawn.length < drawable.length ? " and the largest bias for their size" : ""}.`}</p></section>`;
}
