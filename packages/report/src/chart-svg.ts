/** A chart as a still SVG, for print and for readers without scripts. Colours come from the page's style. */
import { type Chart, logRange, ticksBetween } from "./charts.js";
import { html, type Markup } from "./html.js";
import { formatUnit } from "./numbers.js";

const WIDTH = 720;
const HEIGHT = 300;
const BOX = { left: 64, right: 704, top: 26, bottom: 254 };

/** Line styles repeat with another dash after the colours of the style sheet are used up. */
export const LINE_COLORS = 8;
export const DASHES = [[], [7, 4], [2, 3]] as const;

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

export function chartSvg(chart: Chart): Markup {
  const log = chart.scale === "log" ? logRange(chart.lines) : null;
  const values = chart.lines.flatMap((line) => line.values).filter(Number.isFinite);
  const xs = chart.x.filter(Number.isFinite);
  const highest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const lowest = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const xLow = Math.min(...xs.slice(0, 1), xs.at(-1) ?? 0);
  const xHigh = Math.max(...xs.slice(0, 1), xs.at(-1) ?? 1);
  const yLow = log ? log[0] : Math.min(0, Number.isFinite(lowest) ? lowest : 0);
  const yHigh = log ? log[1] : (Number.isFinite(highest) && highest > yLow ? highest : yLow + 1) * 1;
  const px = (x: number) => BOX.left + ((x - xLow) / (xHigh - xLow || 1)) * (BOX.right - BOX.left);
  const py = (y: number) => {
    const fraction = log
      ? Math.log10(y / yLow) / Math.log10(yHigh / yLow)
      : (y - yLow) / ((yHigh - yLow) * 1.04 || 1);
    return BOX.bottom - fraction * (BOX.bottom - BOX.top);
  };
  const yTicks = log ? decades(log) : ticksBetween(yLow, yHigh + 0.03 * (yHigh - yLow), 5);
  const paths = chart.lines.map((line, n) => {
    let pen = "M";
    let path = "";
    line.values.forEach((value, i) => {
      const x = chart.x[i]!;
      if (!Number.isFinite(value) || !Number.isFinite(x) || (log && value < log[0])) {
        pen = "M";
        return;
      }
      path += `${pen}${px(x).toFixed(1)} ${py(value).toFixed(1)}`;
      pen = "L";
    });
    const dash = DASHES[Math.floor(n / LINE_COLORS) % DASHES.length]!.join(" ");
    return html`<path class="line line-${(n % LINE_COLORS) + 1}" d="${path}"${dash ? html` stroke-dasharray="${dash}"` : ""}/>`;
  });
  return html`<svg class="chart-still" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${chart.title}">
${yTicks.map(
  (y) =>
    html`<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${py(y).toFixed(1)}" y2="${py(y).toFixed(1)}"/><text x="${BOX.left - 8}" y="${(py(y) + 4).toFixed(1)}" text-anchor="end">${tickText(y)}</text>`,
)}
${ticksBetween(xLow, xHigh, 12).map(
  (x) =>
    html`<line class="grid" x1="${px(x).toFixed(1)}" x2="${px(x).toFixed(1)}" y1="${BOX.bottom}" y2="${BOX.bottom + 5}"/><text x="${px(x).toFixed(1)}" y="${BOX.bottom + 19}" text-anchor="middle">${tickText(x)}</text>`,
)}
<line class="axis" x1="${BOX.left}" x2="${BOX.right}" y1="${BOX.bottom}" y2="${BOX.bottom}"/>
<text x="${(BOX.left + BOX.right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${axisTitle(chart.xLabel, chart.xUnit)}</text>
<text x="8" y="14">${formatUnit(chart.unit)}${log ? " (logarithmic)" : ""}</text>
${paths}
</svg>`;
}

/** Powers of ten inside the range, with 2 and 5 times them where those are few. */
function decades([low, high]: [number, number]): number[] {
  const steps = high / low > 200 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    for (const step of steps) {
      const tick = Number(`${step}e${e}`);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  return ticks;
}

/** Which line is which. */
export function chartLegend(chart: Chart): Markup {
  return html`<ul class="legend">${chart.lines.map((line, n) => {
    const dash = DASHES[Math.floor(n / LINE_COLORS) % DASHES.length]!.join(" ");
    return html`<li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="line line-${(n % LINE_COLORS) + 1}" d="M0 4H24"${dash ? html` stroke-dasharray="${dash}"` : ""}/></svg>${line.label}</li>`;
  })}</ul>`;
}
