/** Pictures of a ranking: how sure the ranks are, who beats whom, and how often each was first, second, third. */
import { ticksBetween } from "../chart-range.js";
import { tickText } from "../chart-svg.js";
import { LINE_COLORS } from "../charts.js";
import { html, type Markup } from "../html.js";
import { formatFixed } from "../numbers.js";
import type { ShownRanking } from "./ranking-input.js";

const WIDTH = 480;
/** Numbers in narrower cells would run into each other. */
const WRITTEN_FROM = 34;

/** A grid of cells beside the names: as wide as the picture allows, rows tall enough for a name. */
function gridOf(names: readonly string[]): { left: number; wide: number; tall: number } {
  const left = Math.min(160, 34 + 7 * Math.max(...names.map((name) => shortened(name).length)));
  const wide = Math.min(44, (WIDTH - left - 10) / names.length);
  return { left, wide, tall: Math.max(16, wide) };
}

const shortened = (name: string) => (name.length > 19 ? `${name.slice(0, 18)}…` : name);

/** Shares of the bootstrap samples as discs: algorithms down, ranks across; the median and the 95 % interval over them. */
export function rankUncertainty({ placings, shares, intervals }: ShownRanking): Markup {
  const names = placings.map(({ algorithm }) => algorithm);
  const { left, wide, tall } = gridOf(names);
  const bottom = tall * names.length;
  const px = (rank: number) => (left + wide * (rank - 0.5)).toFixed(1);
  return html`<svg class="chart-still" viewBox="0 0 ${WIDTH} ${bottom + 44}" role="img" aria-label="Ranks of the bootstrap samples">
${names.map((_, n) => html`<line class="grid" x1="${px(n + 1)}" x2="${px(n + 1)}" y1="4" y2="${bottom}"/>${(wide > 14 || n % 5 === 0) && html`<text x="${px(n + 1)}" y="${bottom + 18}" text-anchor="middle">${n + 1}</text>`}`)}
${names.map((name, a) => {
  const y = tall * (a + 0.5);
  const { low, median, high } = intervals[a]!;
  return html`<text class="group-name" x="${left - 8}" y="${y + 4}" text-anchor="end">${shortened(name)}</text>
${shares[a]!.map((share, r) => share > 0 && html`<circle class="share" cx="${px(r + 1)}" cy="${y}" r="${(0.42 * wide * Math.sqrt(share)).toFixed(1)}"><title>${name}: rank ${r + 1} in ${formatFixed(100 * share, 1)} % of the samples</title></circle>`)}
${Number.isFinite(median) && html`<path class="whisker" d="M${px(low)} ${y}H${px(high)}M${px(low)} ${y - 4}v8M${px(high)} ${y - 4}v8"/><path class="median" d="M${px(median)} ${y - 7}v14"/>`}`;
})}
<text x="${(left + (wide * names.length) / 2).toFixed(1)}" y="${bottom + 36}" text-anchor="middle">Rank</text>
</svg>`;
}

/** Who is significantly better than whom: filled where the row's algorithm beats the column's. */
export function significanceMap({ placings, p }: ShownRanking, alpha: number): Markup {
  const names = placings.map(({ algorithm }) => algorithm);
  const { left, wide, tall } = gridOf(names);
  const top = 26;
  const px = (column: number) => (left + wide * column).toFixed(1);
  return html`<svg class="chart-still" viewBox="0 0 ${WIDTH} ${top + tall * names.length + 26}" role="img" aria-label="Significance of the differences">
${names.map((_, n) => (wide > 14 || n % 5 === 0) && html`<text x="${px(n + 0.5)}" y="16" text-anchor="middle">${n + 1}</text>`)}
${names.map(
  (
    name,
    a,
  ) => html`<text class="group-name" x="${left - 8}" y="${top + tall * (a + 0.5) + 4}" text-anchor="end">${a + 1}. ${shortened(name)}</text>
${names.map((other, b) => {
  if (a === b) return false;
  const value = p[a]![b]!;
  const better = value <= alpha;
  const shown = Number.isNaN(value) ? "–" : formatP(value);
  return html`<rect class="${better ? "beats" : "no-difference"}" x="${px(b + 0.02)}" y="${top + tall * (a + 0.02)}" width="${(0.96 * wide).toFixed(1)}" height="${(0.96 * tall).toFixed(1)}"><title>${name} better than ${other}: p ${shown}</title></rect>${wide >= WRITTEN_FROM && html`<text${better && html` class="on-accent"`} x="${px(b + 0.5)}" y="${top + tall * (a + 0.5) + 4}" text-anchor="middle">${shown}</text>`}`;
})}`,
)}
<text x="${px(names.length / 2)}" y="${top + tall * names.length + 18}" text-anchor="middle">Filled: row better than column</text>
</svg>`;
}

function formatP(p: number): string {
  return p < 0.001 ? "<.001" : formatFixed(p, 3).replace(/^0/, "");
}

const PODIUM = { left: 46, right: 468, top: 10, bottom: 190, bars: 50 };
/** Lines of more cases than this would be a grey area. */
const MOST_LINES = 150;

/**
 * Podium plot (Eugster, Hothorn & Leisch 2008): each case's results, best first, joined by a line; below, how often each
 * algorithm stood on each step. Cases with a missing result are left out.
 */
export function podiumPlot({ placings, values, cases, metric }: ShownRanking): Markup {
  const names = placings.map(({ algorithm }) => algorithm);
  const whole = cases.flatMap((name, c) =>
    values.every((row) => Number.isFinite(row[c])) ? [{ name, c }] : [],
  );
  const count = names.length;
  const step = (PODIUM.right - PODIUM.left) / count;
  const all = whole.flatMap(({ c }) => values.map((row) => row[c]!));
  if (all.length === 0) return html`<p class="empty">No case has results of all algorithms.</p>`;
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const py = (value: number) =>
    (PODIUM.bottom - ((value - low) / (high - low || 1)) * (PODIUM.bottom - PODIUM.top)).toFixed(1);
  // Within a step each algorithm has a place of its own.
  const px = (place: number, a: number) => (PODIUM.left + step * (place + (a + 1) / (count + 1))).toFixed(1);
  const times = names.map(() => new Array<number>(count).fill(0));
  const tracks = whole.map(({ name, c }) => {
    const order = names
      .map((_, a) => a)
      .sort((x, y) => (metric.smallerIsBetter ? 1 : -1) * (values[x]![c]! - values[y]![c]!) || x - y);
    order.forEach((a, place) => {
      times[a]![place]!++;
    });
    return { name, c, order };
  });
  const bars = PODIUM.bottom + 34;
  const tallest = Math.max(...times.flat());
  const color = (a: number) => (a % LINE_COLORS) + 1;
  return html`<svg class="chart-still" viewBox="0 0 ${WIDTH} ${bars + PODIUM.bars + 26}" role="img" aria-label="Podium plot">
${ticksBetween(low, high, 5).map((tick) => html`<line class="grid" x1="${PODIUM.left}" x2="${PODIUM.right}" y1="${py(tick)}" y2="${py(tick)}"/><text x="${PODIUM.left - 8}" y="${Number(py(tick)) + 4}" text-anchor="end">${tickText(tick)}</text>`)}
${names.map((_, place) => html`<line class="axis" x1="${(PODIUM.left + step * place).toFixed(1)}" x2="${(PODIUM.left + step * place).toFixed(1)}" y1="${PODIUM.top}" y2="${bars + PODIUM.bars}"/><text x="${(PODIUM.left + step * (place + 0.5)).toFixed(1)}" y="${PODIUM.bottom + 20}" text-anchor="middle">${place + 1}</text>`)}
${tracks.slice(0, MOST_LINES).map(({ c, order }) => html`<path class="track" d="${order.map((a, place) => `${place === 0 ? "M" : "L"}${px(place, a)} ${py(values[a]![c]!)}`).join("")}"/>`)}
${tracks.map(({ name, c, order }) => order.map((a, place) => html`<circle class="fill-${color(a)}" cx="${px(place, a)}" cy="${py(values[a]![c]!)}" r="2"><title>${names[a]} in ${name}: ${tickText(values[a]![c]!)}</title></circle>`))}
${times.map((row, a) =>
  row.map((number, place) => {
    const tall = (PODIUM.bars * number) / tallest;
    const wide = (step / (count + 1)) * 0.8;
    return (
      number > 0 &&
      html`<rect class="fill-${color(a)}" x="${(Number(px(place, a)) - wide / 2).toFixed(1)}" width="${wide.toFixed(1)}" y="${(bars + PODIUM.bars - tall).toFixed(1)}" height="${tall.toFixed(1)}"><title>${names[a]}: place ${place + 1} in ${number} cases</title></rect>`
    );
  }),
)}
<line class="axis" x1="${PODIUM.left}" x2="${PODIUM.right}" y1="${bars + PODIUM.bars}" y2="${bars + PODIUM.bars}"/>
<text x="${(PODIUM.left + PODIUM.right) / 2}" y="${bars + PODIUM.bars + 20}" text-anchor="middle">Place within the case; below, how often</text>
</svg>
<ul class="legend">${names.map((name, a) => html`<li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="line line-${color(a)}" d="M0 4H24"/></svg>${name}</li>`)}</ul>`;
}
