/** One self-contained HTML page about a training run: no script, no network, rewritten while the run goes on. */
import { meanOf } from "../dice.js";
import type { ScoredExample } from "../examples.js";
import type { TrainingHistory, Validation } from "../history.js";
import { chartSvg, type Line, shortNumber } from "./chart.js";
import { escaped } from "./html.js";
import { PAGE_STYLE } from "./style.js";

export interface TrainingPageInput {
  /** Name of the model. */
  name: string;
  history: TrainingHistory;
  /** Names of classes 1, 2, ... */
  structures: readonly string[];
  finished: boolean;
  /** Dice of the finished model on the held-out scans' own grids; null before it is known. */
  final: Validation | null;
  /** How the run was set up, as name and value. */
  facts: readonly (readonly [string, string])[];
}

/** Seconds after which an open page of a run that goes on loads itself anew. */
const RELOAD_SECONDS = 30;
/** Lines in a chart stay tellable apart up to this number; then the mean alone is drawn. */
const MOST_LINES = 8;
/** More structures than this get no column each in the table of cases. */
const MOST_COLUMNS = 12;

export function trainingPage(input: TrainingPageInput): string {
  const { name, history, finished } = input;
  const shown = input.final ?? history.validations.at(-1) ?? null;
  const title = `Training of ${escaped(name)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${finished ? "" : `<meta http-equiv="refresh" content="${RELOAD_SECONDS}">\n`}<title>${title}</title>
<link rel="icon" href="data:,">
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${statusOf(input)}
</header>
<main>
${tiles(input, shown)}
<div class="charts">
${lossChart(history)}
${diceChart(input)}
</div>
${structureTable(input, shown)}
${examples(history.examples, input.structures)}
${caseTable(input, shown)}
<section><h2>Settings</h2><dl class="facts">${input.facts.map(([key, value]) => `<dt>${escaped(key)}</dt><dd>${escaped(value)}</dd>`).join("")}</dl></section>
</main>
<footer><p>For research and education only; no medical device.</p></footer>
</body>
</html>
`;
}

function statusOf({ history, finished }: TrainingPageInput): string {
  const row = history.rows.at(-1);
  const step = row?.step ?? 0;
  if (finished)
    return `<p class="soft">Finished after ${history.steps} step${history.steps === 1 ? "" : "s"}.</p>`;
  const left =
    row && row.step > 0 && row.step < history.steps
      ? `, about ${duration((row.seconds / row.step) * (history.steps - row.step))} left`
      : "";
  const share = ((100 * step) / Math.max(1, history.steps)).toFixed(1);
  return `<p class="soft">Step ${step} of ${history.steps}${left}. This page renews itself.</p>
<div class="progress" role="progressbar" aria-valuemin="0" aria-valuemax="${history.steps}" aria-valuenow="${step}" aria-label="Steps"><i style="width:${share}%"></i></div>`;
}

function tiles({ history, final }: TrainingPageInput, shown: Validation | null): string {
  const row = history.rows.at(-1);
  const facts: [string, string][] = [];
  if (shown) facts.push([final ? "Mean Dice, held out" : "Mean Dice so far", dice(shown.mean)]);
  if (row) {
    facts.push(["Loss", smoothLoss(history).at(-1)!.y.toFixed(3)]);
    facts.push([
      "Steps a second",
      shortNumber(Number((row.step / Math.max(1e-9, row.seconds)).toPrecision(2))),
    ]);
    facts.push(["Time", duration(row.seconds)]);
    facts.push(["Learning rate", row.learningRate.toPrecision(2)]);
  }
  if (facts.length === 0) return "";
  return `<dl class="tiles">${facts.map(([key, value]) => `<div><dt>${key}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

function lossChart(history: TrainingHistory): string {
  const raw = history.rows.map(({ step, loss }) => ({ x: step, y: loss }));
  if (raw.length === 0) return "";
  const lines: Line[] = [{ name: "loss of single steps", points: thinned(raw), style: "faint" }];
  lines.push({ name: "loss, smoothed", points: thinned(smoothLoss(history)), style: "" });
  return `<section><h2>Loss over steps</h2>${chartSvg({ title: "Loss over steps", lines, xMost: history.steps, range: null })}</section>`;
}

/** Running mean over about a fiftieth of the rows, so that the curve does not hide its course in noise. */
function smoothLoss({ rows }: TrainingHistory): { x: number; y: number }[] {
  const half = Math.max(1, Math.round(rows.length / 100));
  let sum = 0;
  return rows.map((row, i) => {
    sum += row.loss;
    if (i > 2 * half) sum -= rows[i - 2 * half - 1]!.loss;
    return { x: row.step, y: sum / Math.min(i + 1, 2 * half + 1) };
  });
}

/** At most 400 points, evenly chosen, the last one among them. */
function thinned<T>(points: readonly T[]): T[] {
  const every = Math.ceil(points.length / 400);
  return points.filter((_, i) => (points.length - 1 - i) % every === 0);
}

function diceChart({ history, structures }: TrainingPageInput): string {
  const { validations } = history;
  if (validations.length === 0) return "";
  const lineOf = (name: string, style: string, value: (v: Validation) => number | null): Line => ({
    name,
    style,
    points: validations.flatMap((v) => {
      const y = value(v);
      return y === null ? [] : [{ x: v.step, y }];
    }),
  });
  const single = structures.length > 1 && structures.length <= MOST_LINES ? structures : [];
  const lines = [
    ...single.map((name, i) => lineOf(name, `s${i + 1}`, (v) => v.structures[i] ?? null)),
    lineOf("mean", "mean", (v) => v.mean),
  ].filter(({ points }) => points.length > 0);
  const legend = [...single.map((name, i) => [name, `s${i + 1}`]), ["mean", "mean"]]
    .map(([name, style]) => `<li><span class="key ${style}"></span>${escaped(name!)}</li>`)
    .join("");
  return `<section><h2>Dice on held-out cases over steps</h2>${chartSvg({ title: "Dice over steps", lines, xMost: history.steps, range: [0, 1] })}<ul class="legend">${legend}</ul></section>`;
}

function structureTable({ structures, final }: TrainingPageInput, shown: Validation | null): string {
  if (!shown) return "";
  const rows = structures.map((name, i) => {
    const values = shown.cases.flatMap((scored) => scored.dice[i] ?? []);
    const mean = shown.structures[i] ?? null;
    const key = `<span class="key s${(i % 8) + 1}"></span>`;
    return `<tr><td>${key}${escaped(name)}</td><td>${dice(mean)}${bar(mean)}</td><td>${dice(values.length > 0 ? Math.min(...values) : null)}</td><td>${dice(values.length > 0 ? Math.max(...values) : null)}</td><td>${values.length}</td></tr>`;
  });
  const note = final
    ? "The finished model on the held-out scans, each on its own grid."
    : `After step ${shown.step}, on the network's grid.`;
  return `<section><h2>Structures</h2><p class="soft">${note} A structure that a case lacks in truth and prediction does not count.</p><div class="scroll tall"><table><thead><tr><th>Structure</th><th>Mean Dice</th><th>Lowest</th><th>Highest</th><th>Cases</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
}

function caseTable({ structures }: TrainingPageInput, shown: Validation | null): string {
  if (!shown || shown.cases.length === 0) return "";
  const columns = structures.length <= MOST_COLUMNS && structures.length > 1 ? structures : [];
  const scored = shown.cases
    .map((scored) => ({ ...scored, mean: meanOf(scored.dice) }))
    .sort((a, b) => (a.mean ?? 2) - (b.mean ?? 2) || (a.id < b.id ? -1 : 1));
  const rows = scored.map(
    ({ id, dice: values, mean }) =>
      `<tr><td>${escaped(id)}</td><td>${dice(mean)}</td>${columns.map((_, i) => `<td>${dice(values[i] ?? null)}</td>`).join("")}</tr>`,
  );
  return `<section><h2>Held-out cases, worst first</h2><div class="scroll tall"><table><thead><tr><th>Case</th><th>Mean</th>${columns.map((name) => `<th>${escaped(name)}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
}

const RANKS = { worst: "Worst", median: "Median", best: "Best" } as const;

function examples(found: readonly ScoredExample[], structures: readonly string[]): string {
  if (found.length === 0) return "";
  const figures = found.map((example) => {
    const pictures = [
      ["image", "scan"],
      ["truth", "truth"],
      ["predicted", "prediction"],
    ] as const;
    const shown = pictures.map(
      ([key, caption]) =>
        `<figure><img src="${example[key]}" style="aspect-ratio:${example.aspect.toFixed(4)}" alt="${escaped(example.id)}: ${caption}"><figcaption>${caption}</figcaption></figure>`,
    );
    return `<div class="example"><h3>${RANKS[example.rank]}: ${escaped(example.id)} <span class="soft">Dice ${dice(example.dice)}, slice ${example.slice + 1}</span></h3><div>${shown.join("")}</div></div>`;
  });
  const legend = structures
    .slice(0, 24)
    .map((name, i) => `<li><span class="key s${(i % 8) + 1}"></span>${escaped(name)}</li>`);
  return `<section><h2>Examples</h2>${figures.join("")}<ul class="legend">${legend.join("")}</ul></section>`;
}

const dice = (value: number | null) => (value === null ? "–" : value.toFixed(3));

const bar = (value: number | null) =>
  value === null ? "" : `<span class="bar"><i style="width:${(100 * value).toFixed(0)}%"></i></span>`;

/** "45 s", "12 min", "3 h 20 min". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
