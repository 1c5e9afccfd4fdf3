/** The page of a ranking: places, their uncertainty, tests, podium, agreement of the schemes. No script. */
import { CLIENT_STYLE } from "../client-bundle.js";
import { documentText } from "../document.js";
import { html, type Markup } from "../html.js";
import { formatCount, formatFixed, formatNumber, formatUnit } from "../numbers.js";
import { masthead } from "../sections/header.js";
import { dateText } from "../sections/provenance.js";
import { boxPlot } from "./box-plot.js";
import { podiumPlot, rankUncertainty, significanceMap } from "./rank-charts.js";
import type { RankingReportInput, ShownRanking } from "./ranking-input.js";

/** One self-contained HTML page about rankings. The same input gives the same text. */
export async function buildRankingReport(input: RankingReportInput): Promise<string> {
  const { rankings, notes } = input;
  const body = html`<a class="skip" href="#main">Skip to the findings</a>
<header class="head">
${masthead("ranking", input.title)}
<dl class="facts">${[["Scheme", input.scheme], ...input.facts].map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
</header>
${rankings.length > 1 && html`<nav class="contents" aria-label="Rankings">${rankings.map(({ title }, n) => html`<a href="#ranking-${n + 1}">${title}</a>`)}</nav>`}
<main id="main">
${notes.length > 0 && html`<section class="warnings" aria-labelledby="warnings-title"><h2 id="warnings-title">Please note</h2><ul>${notes.map((note) => html`<li><span class="from">Note</span> ${note}</li>`)}</ul></section>`}
${rankings.map((ranking, n) => rankingSection(ranking, n + 1, input))}
<section id="provenance"><h2>About this page</h2><p class="caption">Page made by Viscera ${input.version} on ${dateText(input.generatedAt)}. Everything on it is inside this one file; it loads nothing from anywhere. All ranks are in ranking.csv and ranking.json beside it.</p></section>
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

function rankingSection(
  ranking: ShownRanking,
  number: number,
  { alpha, adjust, scheme }: RankingReportInput,
): Markup {
  const { title, cases, missing, metric, tau, placings, values } = ranking;
  const unit = formatUnit(metric.unit);
  const boxes = boxPlot(
    metric.label,
    metric.unit,
    placings.map(({ algorithm }, a) => ({ name: algorithm, values: values[a]!, names: cases })),
  );
  return html`<section id="ranking-${number}" aria-labelledby="ranking-${number}-title"><h2 id="ranking-${number}-title">${title}</h2>
<p class="meta">${formatCount(cases.length)} cases${missing > 0 && `, ${formatCount(missing)} missing result${missing === 1 ? "" : "s"}`}; ${metric.smallerIsBetter ? "lower" : "higher"} values of ${metric.label}${unit && ` (${unit})`} are better.</p>
${placesTable(ranking, scheme)}
<div class="charts">
<figure class="chart"><figcaption><strong>Ranks on cases drawn anew</strong></figcaption>${rankUncertainty(ranking)}<p class="caption">Area of a disc: share of the bootstrap samples. Kendall's tau between them and this ranking: ${Number.isNaN(tau.mean) ? "has no value, since all algorithms tie" : `${formatFixed(tau.mean, 2)} on average, 95 % from ${formatFixed(tau.low, 2)} to ${formatFixed(tau.high, 2)}`}.</p></figure>
<figure class="chart"><figcaption><strong>Who is better than whom</strong></figcaption>${significanceMap(ranking, alpha)}<p class="caption">One-sided paired Wilcoxon tests${adjust === "holm" && ", adjusted by Holm's method over all pairs"}; filled at p ≤ ${alpha}.</p></figure>
<figure class="chart"><figcaption><strong>Results</strong></figcaption>${boxes ?? html`<p class="empty">No finite result.</p>`}</figure>
<figure class="chart"><figcaption><strong>Podium</strong></figcaption>${podiumPlot(ranking)}</figure>
</div>
${agreementTable(ranking)}
</section>`;
}

function placesTable({ placings, intervals, schemes }: ShownRanking, scheme: string): Markup {
  const others = schemes.filter(({ name }) => name !== scheme);
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="Places"><table class="evaluation-table">
<thead><tr><th scope="col" class="number">Rank</th><th scope="col">Algorithm</th><th scope="col" class="number">${scheme}</th><th scope="col" class="number">95 % of ranks</th>${others.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${placings.map(({ algorithm, value, rank }, a) => {
    const { low, high } = intervals[a]!;
    return html`<tr><td class="number"><strong>${rank}</strong></td><th scope="row">${algorithm}</th><td class="number">${formatNumber(value)}</td><td class="number">${Number.isNaN(low) ? "–" : `${formatCount(low)} to ${formatCount(high)}`}</td>${others.map(({ ranks }) => html`<td class="number">${ranks[a] ?? "–"}</td>`)}</tr>`;
  })}</tbody></table></div>`;
}

function agreementTable({ schemes, agreement }: ShownRanking): Markup {
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label="Agreement of the schemes"><table>
<caption>Agreement of the schemes: Kendall's tau</caption>
<thead><tr><th></th>${schemes.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody>${schemes.map(
    ({ name }, i) =>
      html`<tr><th scope="row">${name}</th>${agreement[i]!.map((tau) => html`<td class="number">${Number.isNaN(tau) ? "all tie" : formatFixed(tau, 2)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}
