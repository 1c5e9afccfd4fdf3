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
${input.metrics.map((metric, m) => summaryTable(metric, input.structures, input.summaries[m]!))}
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

function summaryTable(
  { label, unit, better }: ShownMetric,
  structures: readonly string[],
  summaries: readonly ShownSummary[],
): Markup {
  const shown = formatUnit(unit);
  // A metric that was asked for some structures only (clDice, lesions) says nothing of the others.
  const rows = structures.flatMap((name, s) => {
    const { count, missing, infinite } = summaries[s]!;
    return count + missing + infinite > 0 ? [{ name, one: summaries[s]! }] : [];
  });
  const withMissing = rows.some(({ one }) => one.missing > 0);
  const withInfinite = rows.some(({ one }) => one.infinite > 0);
  const at = (value: number) => number(value, unit);
  const cell = (content: Markup | string | number) => html`<td class="number">${content}</td>`;
  const range = (low: number, high: number) => (Number.isNaN(low) ? "–" : `${at(low)} to ${at(high)}`);
  const heading = (text: string) => html`<th scope="col" class="number">${text}</th>`;
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="${label}"><table class="evaluation-table">
<caption>${label}${shown && `, ${shown}`}${better && html` <span class="meta">(${better} is better)</span>`}</caption>
<thead><tr><th scope="col">Structure</th>${["Mean", "95 % interval", "SD", "Median", "Quartiles", "Cases"].map(heading)}${withMissing && heading("No value")}${withInfinite && heading("Infinite")}</tr></thead>
<tbody>${rows.map(
    ({ name, one }) =>
      html`<tr><th scope="row">${name}</th>${cell(html`<strong>${at(one.mean)}</strong>`)}${cell(range(one.ciLow, one.ciHigh))}${cell(at(one.sd))}${cell(at(one.median))}${cell(range(one.q1, one.q3))}${cell(one.count)}${withMissing && cell(one.missing || "")}${withInfinite && cell(one.infinite || "")}</tr>`,
  )}</tbody></table></div>`;
}

function distributionsSection({
  metrics,
  structures,
  cases,
  values,
  summaries,
}: EvaluationReportInput): Markup {
  const plots = metrics.map(({ label, unit }, m) =>
    boxPlot(
      label,
      unit,
      structures.flatMap((name, s) => {
        const { count, missing, infinite } = summaries[m]![s]!;
        return count + missing + infinite > 0 ? [{ name, values: values[m]![s]!, names: cases }] : [];
      }),
    ),
  );
  return html`<section id="distributions" aria-labelledby="distributions-title"><h2 id="distributions-title">Distributions</h2>
<div class="charts">${plots.map((plot, m) => html`<figure class="chart"><figcaption><strong>${metrics[m]!.label}</strong></figcaption>${plot ?? html`<p class="empty">No case has a value.</p>`}</figure>`)}</div>
<p class="caption">Boxes are quartiles with the median, whiskers reach the last value within 1.5 times the box, points are cases.</p></section>`;
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
  const drawn = rows.filter(({ cases: own }) => own.length > 1).slice(0, MOST_PLOTS);
  return html`<section id="volumes" aria-labelledby="volumes-title"><h2 id="volumes-title">Volumes</h2>
${drawn.length > 0 && html`<div class="charts">${drawn.map((row) => blandAltman(row.name, row.truth, row.prediction, row.cases))}</div>`}
<div class="table-scroll" tabindex="0" role="region" aria-label="Agreement of volumes"><table class="evaluation-table">
<caption>Agreement of volumes, mL</caption>
<thead><tr><th scope="col">Structure</th><th scope="col" class="number">Mean of the truth</th><th scope="col" class="number">Bias</th><th scope="col" class="number">Limits of agreement</th><th scope="col" class="number">Cases</th></tr></thead>
<tbody>${rows.map(({ name, truth, prediction }) => {
    const { bias, low, high, count } = agreementOf(truth, prediction);
    const mean = truth.reduce((a, b) => a + b, 0) / count;
    return html`<tr><th scope="row">${name}</th><td class="number">${formatNumber(mean)}</td><td class="number">${formatNumber(bias)}</td><td class="number">${Number.isNaN(low) ? "–" : `${formatNumber(low)} to ${formatNumber(high)}`}</td><td class="number">${count}</td></tr>`;
  })}</tbody></table></div>
<p class="caption">Bias is the mean of prediction − truth, limits of agreement lie 1.96 standard deviations around it (Bland and Altman 1986).${drawn.length < rows.length && ` Plots of the first ${drawn.length} structures with two or more cases.`}</p></section>`;
}
