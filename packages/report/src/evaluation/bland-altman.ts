/** Agreement of volumes: difference against mean (Bland & Altman 1986, doi:10.1016/S0140-6736(86)90837-8). */
import { ticksBetween } from "../chart-range.js";
import { tickText } from "../chart-svg.js";
import { html, type Markup } from "../html.js";
import { formatNumber } from "../numbers.js";

export interface Agreement {
  /** Mean difference prediction - truth, and the limits 1.96 standard deviations around it, in mL. */
  bias: number;
  low: number;
  high: number;
  count: number;
}

/** Bias and limits of agreement; NaN limits below two cases. */
export function agreementOf(truthMl: readonly number[], predictionMl: readonly number[]): Agreement {
  const differences = truthMl.map((truth, i) => predictionMl[i]! - truth);
  const count = differences.length;
  const bias = differences.reduce((a, b) => a + b, 0) / count;
  const squares = differences.reduce((sum, d) => sum + (d - bias) ** 2, 0);
  const spread = count > 1 ? 1.96 * Math.sqrt(squares / (count - 1)) : Number.NaN;
  return { bias, low: bias - spread, high: bias + spread, count };
}

const WIDTH = 420;
const HEIGHT = 260;
const BOX = { left: 58, right: 408, top: 12, bottom: 212 };

/** The plot of one structure. */
export function blandAltman(
  name: string,
  truthMl: readonly number[],
  predictionMl: readonly number[],
  cases: readonly string[],
): Markup {
  const agreement = agreementOf(truthMl, predictionMl);
  const points = truthMl.map((truth, i) => ({
    mean: (truth + predictionMl[i]!) / 2,
    difference: predictionMl[i]! - truth,
    name: cases[i]!,
  }));
  const xs = points.map(({ mean }) => mean);
  const limits = [agreement.low, agreement.high].filter(Number.isFinite);
  const ys = [...points.map(({ difference }) => difference), ...limits, 0];
  const [xLow, xHigh] = padded(Math.min(...xs), Math.max(...xs));
  const [yLow, yHigh] = padded(Math.min(...ys), Math.max(...ys));
  const px = (x: number) => (BOX.left + ((x - xLow) / (xHigh - xLow)) * (BOX.right - BOX.left)).toFixed(1);
  const py = (y: number) => (BOX.bottom - ((y - yLow) / (yHigh - yLow)) * (BOX.bottom - BOX.top)).toFixed(1);
  const level = (y: number, kind: string) =>
    Number.isFinite(y) &&
    html`<line class="${kind}" x1="${BOX.left}" x2="${BOX.right}" y1="${py(y)}" y2="${py(y)}"/>`;
  return html`<figure class="chart"><figcaption><strong>${name}</strong> <span class="axis-unit">bias ${formatNumber(agreement.bias)} mL${Number.isFinite(agreement.low) && html`, limits of agreement ${formatNumber(agreement.low)} to ${formatNumber(agreement.high)} mL`}</span></figcaption>
<svg class="chart-still" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Bland-Altman plot of ${name}">
${ticksBetween(yLow, yHigh, 5).map((y) => html`<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${py(y)}" y2="${py(y)}"/><text x="${BOX.left - 8}" y="${Number(py(y)) + 4}" text-anchor="end">${tickText(y)}</text>`)}
${ticksBetween(xLow, xHigh, 6).map((x) => html`<text x="${px(x)}" y="${BOX.bottom + 18}" text-anchor="middle">${tickText(x)}</text>`)}
${level(0, "axis")}${level(agreement.bias, "line line-1")}${level(agreement.low, "line line-1 limit")}${level(agreement.high, "line line-1 limit")}
${points.map(({ mean, difference, name: one }) => html`<circle class="strip" cx="${px(mean)}" cy="${py(difference)}" r="3"><title>${one}: ${formatNumber(difference)} mL</title></circle>`)}
<text x="${(BOX.left + BOX.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">Mean of truth and prediction (mL)</text>
<text x="14" y="${(BOX.top + BOX.bottom) / 2}" text-anchor="middle" transform="rotate(-90 14 ${(BOX.top + BOX.bottom) / 2})">Prediction − truth (mL)</text>
</svg></figure>`;
}

function padded(low: number, high: number): [number, number] {
  const margin = 0.08 * (high - low) || 0.1 * Math.abs(high) || 1;
  return [low - margin, high + margin];
}
