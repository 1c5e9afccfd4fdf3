/** A chart as a still SVG, for print and for readers without scripts. Colours come from the page's style. */
import { decades, hasLogScale, rangesOf, ticksBetween } from "./chart-range.js";
import {
  bandOpacity,
  bandOutlines,
  DASHES,
  MARK_SIZE,
  type Mark,
  markOf,
  stackedOpacity,
} from "./chart-shapes.js";
import { type Chart, LINE_COLORS, MOST_DISTINCT_LINES } from "./charts.js";
import { html, type Markup } from "./html.js";
import { formatCount, formatUnit } from "./numbers.js";

const WIDTH = 720;
const HEIGHT = 300;
const BOX = { left: 64, right: 704, top: 26, bottom: 254 };

/** Axis number: short, no superscripts needed within a chart's range. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4))
    return value.toExponential(0).replace("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** "Time (h)": a label with its unit, where there is one. */
export function axisTitle(label: string, unit: string): string {
  const shown = formatUnit(unit);
  return shown === "" ? label : label === "" ? shown : `${label} (${shown})`;
}

/** Class and dash of a chart's line. */
function lineStyle(chart: Chart, n: number): Markup {
  if (chart.lines.length > MOST_DISTINCT_LINES) return html` class="line line-1 many"`;
  const dash = DASHES[Math.floor(n / LINE_COLORS) % DASHES.length]!.join(" ");
  return html` class="line line-${(n % LINE_COLORS) + 1}"${dash && html` stroke-dasharray="${dash}"`}`;
}

const fixed = (value: number) => value.toFixed(1);

export function chartSvg(chart: Chart): Markup {
  const log = chart.scale === "log" && hasLogScale(chart);
  const { x: xRange, y: yRange } = rangesOf(chart, log);
  const xLog = log && chart.identity;
  const share = (value: number, [low, high]: readonly [number, number], logarithmic: boolean) =>
    logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const px = (x: number) => BOX.left + share(x, xRange, xLog) * (BOX.right - BOX.left);
  const py = (y: number) => BOX.bottom - share(y, yRange, log) * (BOX.bottom - BOX.top);
  const yTicks = log ? decades(yRange) : ticksBetween(yRange[0], yRange[1], 5);
  const xTicks = xLog ? decades(xRange) : ticksBetween(xRange[0], xRange[1], 12);
  // Marks are not cut at the edges, so those off a logarithmic axis are left out.
  const lowest = log ? yRange[0] : Number.NEGATIVE_INFINITY;
  const box = { x: BOX.left, y: BOX.top - 1, width: BOX.right - BOX.left, height: BOX.bottom - BOX.top + 2 };
  return html`<svg class="chart-still" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="xMinYMid meet" role="img" aria-label="${chart.title}">
${yTicks.map(
  (y) =>
    html`<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${fixed(py(y))}" y2="${fixed(py(y))}"/><text x="${BOX.left - 8}" y="${fixed(py(y) + 4)}" text-anchor="end">${tickText(y)}</text>`,
)}
${xTicks.map(
  (x) =>
    html`<line class="grid" x1="${fixed(px(x))}" x2="${fixed(px(x))}" y1="${BOX.bottom}" y2="${BOX.bottom + 5}"/><text x="${fixed(px(x))}" y="${BOX.bottom + 19}" text-anchor="middle">${tickText(x)}</text>`,
)}
<line class="axis" x1="${BOX.left}" x2="${BOX.right}" y1="${BOX.bottom}" y2="${BOX.bottom}"/>
<text x="${(BOX.left + BOX.right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${axisTitle(chart.xLabel, chart.xUnit)}</text>
<text x="8" y="14">${axisTitle(chart.yLabel, chart.unit)}${log && (xLog ? " (both axes logarithmic)" : " (logarithmic)")}</text>
<svg x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" viewBox="${box.x} ${box.y} ${box.width} ${box.height}">
${chart.bands.map((band) => {
  const outlines = bandOutlines(chart.x, band, px, py, log ? yRange[0] : null);
  const d = outlines.map((points) => `${pathOf(points)}Z`).join("");
  return html`<path class="area fill-${band.color}" fill-opacity="${bandOpacity(band.depth)}" d="${d}"/>`;
})}
${chart.identity && html`<path class="line identity" d="M${fixed(px(xRange[0]))} ${fixed(py(xRange[0]))}L${fixed(px(xRange[1]))} ${fixed(py(xRange[1]))}"/>`}
${chart.lines.map((line, n) => {
  let pen = "M";
  let path = "";
  line.values.forEach((value, i) => {
    const x = chart.x[i]!;
    if (!Number.isFinite(value) || !Number.isFinite(x) || (log && value <= 0)) {
      pen = "M";
      return;
    }
    path += `${pen}${fixed(px(x))} ${fixed(py(value))}`;
    pen = "L";
  });
  return html`<path${lineStyle(chart, n)} d="${path}"/>`;
})}
</svg>
${chart.points.map(({ x, y, color }, n) => {
  const places = x.flatMap((at, i) =>
    y[i]! < lowest || (xLog && at < xRange[0]) ? [] : [px(at), py(y[i]!)],
  );
  return marksPath(places, markOf(n), color);
})}
</svg>`;
}

function pathOf(points: readonly number[]): string {
  let path = "";
  for (let i = 0; i < points.length; i += 2)
    path += `${i === 0 ? "M" : "L"}${fixed(points[i]!)} ${fixed(points[i + 1]!)}`;
  return path;
}

/** Many marks as one path. */
function marksPath(places: readonly number[], mark: Mark, color: number): Markup {
  const r = MARK_SIZE[mark];
  let d = "";
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = [places[i]!, places[i + 1]!];
    if (mark === "plus") d += `M${fixed(x - r)} ${fixed(y)}h${2 * r}m${-r} ${-r}v${2 * r}`;
    else if (mark === "cross")
      d += `M${fixed(x - r)} ${fixed(y - r)}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;
    // A stroke without length is drawn by its caps alone.
    else d += `M${fixed(x)} ${fixed(y)}h0`;
  }
  return html`<path class="marks mark-${mark} line-${color}" d="${d}"/>`;
}

/** Which line, band and mark is which. */
export function chartLegend(chart: Chart): Markup {
  const many = chart.lines.length > MOST_DISTINCT_LINES;
  const lines = many
    ? [
        html`<li><svg viewBox="0 0 24 8" aria-hidden="true"><path${lineStyle(chart, 0)} d="M0 4H24"/></svg>${formatCount(chart.lines.length)} curves: ${chart.lines[0]!.label} to ${chart.lines.at(-1)!.label}</li>`,
      ]
    : chart.lines.map(
        (line, n) =>
          html`<li><svg viewBox="0 0 24 8" aria-hidden="true"><path${lineStyle(chart, n)} d="M0 4H24"/></svg>${line.label}</li>`,
      );
  return html`<ul class="legend">${lines}${chart.bands.map(
    ({ label, color, depth }) =>
      html`<li><svg viewBox="0 0 24 8" aria-hidden="true"><rect class="fill-${color}" width="24" height="8" fill-opacity="${stackedOpacity(depth).toFixed(2)}"/></svg>${label}</li>`,
  )}${chart.points.map(
    ({ label, color }, n) =>
      html`<li><svg viewBox="0 0 24 8" aria-hidden="true">${marksPath([12, 4], markOf(n), color)}</svg>${label}</li>`,
  )}${chart.identity && html`<li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="line identity" d="M0 4H24"/></svg>equal</li>`}</ul>`;
}
