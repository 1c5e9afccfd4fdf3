/** Boxes and points of a metric's values, one row a group. */

import { ticksBetween } from "../chart-range.js";
import { tickText } from "../chart-svg.js";
import { html, type Markup } from "../html.js";
import { formatUnit } from "../numbers.js";

export interface BoxGroup {
  name: string;
  /** Finite values are drawn. */
  values: readonly number[];
  /** Names of the values, for those who point at one. */
  names: readonly string[];
}

const WIDTH = 480;
const ROW = 26;
const RIGHT = 466;
const TOP = 8;
/** More points than this hide each other; the box is what remains. */
const MOST_POINTS = 400;

/** Value at a share of sorted values, linear between neighbours. */
function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1);
  const low = Math.floor(place);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (place - low);
}

/** Range of a plot; shares start at 0 unless all lie in the upper part. */
function rangeOf(values: readonly number[], unit: string): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (unit === "1" && high <= 1 && low >= -1)
    return [low < 0 ? low : low > 0.75 ? 0.7 : low > 0.5 ? 0.4 : 0, 1];
  return [Math.min(0, low), high > low ? high + 0.03 * (high - low) : low + 1];
}

/**
 * The plot: quartiles as a box with the median, whiskers to the last values within 1.5 interquartile ranges, every value
 * as a point. Null where no group has a value.
 */
export function boxPlot(label: string, unit: string, groups: readonly BoxGroup[]): Markup | null {
  const all = groups.flatMap(({ values }) => values.filter(Number.isFinite));
  if (all.length === 0) return null;
  const [low, high] = rangeOf(all, unit);
  const left = Math.min(170, 20 + 7 * Math.max(...groups.map(({ name }) => name.length)));
  const height = TOP + ROW * groups.length + 44;
  const bottom = TOP + ROW * groups.length;
  const px = (value: number) => left + ((value - low) / (high - low)) * (RIGHT - left);
  const shown = formatUnit(unit);
  return html`<svg class="chart-still box-plot" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label} by group">
${ticksBetween(low, high, 6).map(
  (tick) =>
    html`<line class="grid" x1="${px(tick).toFixed(1)}" x2="${px(tick).toFixed(1)}" y1="${TOP}" y2="${bottom + 4}"/><text x="${px(tick).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${tickText(tick)}</text>`,
)}
${groups.map((group, n) => row(group, TOP + ROW * (n + 0.5), left, px))}
<text x="${(left + RIGHT) / 2}" y="${height - 6}" text-anchor="middle">${label}${shown && ` (${shown})`}</text>
</svg>`;
}

function row(
  { name, values, names }: BoxGroup,
  y: number,
  left: number,
  px: (value: number) => number,
): Markup {
  const points = values.flatMap((value, i) =>
    Number.isFinite(value) ? [{ value, name: names[i] ?? "" }] : [],
  );
  const cut = name.length > 22 ? `${name.slice(0, 21)}…` : name;
  const heading = html`<text class="group-name" x="${left - 12}" y="${y + 4}" text-anchor="end">${cut}</text>`;
  if (points.length === 0) return html`${heading}<text x="${left + 6}" y="${y + 4}">no value</text>`;
  const sorted = points.map(({ value }) => value).sort((a, b) => a - b);
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share)) as [
    number,
    number,
    number,
  ];
  const reach = 1.5 * (q3 - q1);
  const whiskerLow = sorted.find((value) => value >= q1 - reach)!;
  const whiskerHigh = sorted.findLast((value) => value <= q3 + reach)!;
  const at = (value: number) => px(value).toFixed(1);
  const step = Math.max(1, Math.ceil(points.length / MOST_POINTS));
  return html`${heading}
<path class="whisker" d="M${at(whiskerLow)} ${y}H${at(q1)}M${at(q3)} ${y}H${at(whiskerHigh)}M${at(whiskerLow)} ${y - 4}v8M${at(whiskerHigh)} ${y - 4}v8"/>
<rect class="box" x="${at(q1)}" y="${y - 8}" width="${Math.max(1, px(q3) - px(q1)).toFixed(1)}" height="16"/>
${points
  .filter((_, i) => i % step === 0)
  .map(
    (point, i) =>
      // Steps of the golden ratio spread neighbours without chance.
      html`<circle class="strip" cx="${at(point.value)}" cy="${(y + 6 * (((i * 0.618034) % 1) * 2 - 1)).toFixed(1)}" r="2.2"><title>${point.name}: ${tickText(point.value)}</title></circle>`,
  )}
<path class="median" d="M${at(median)} ${y - 8}v16"/>`;
}
