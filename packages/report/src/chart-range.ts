/** What the axes of a chart span, and where their numbers stand. */
import type { Chart } from "./charts.js";

export type Range = [low: number, high: number];

/** The next 1, 2 or 5 times a power of ten, from `value` upwards (`up`) or downwards. */
function roundNumber(value: number, up: boolean): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const steps = [1, 2, 5, 10].map((step) => Number((step * power).toPrecision(6)));
  const slack = 1e-9 * value;
  return up ? steps.find((step) => step >= value - slack)! : steps.findLast((step) => step <= value + slack)!;
}

/** Range for a logarithmic axis: positive values only, four decades at most; null without any. */
export function logRange(columns: Iterable<ArrayLike<number>>): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const values of columns)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!(value > 0) || value === Number.POSITIVE_INFINITY) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  if (high === 0) return null;
  const top = roundNumber(high, true);
  return [Math.min(roundNumber(Math.max(low, top * 1e-4), false), top / 10), top];
}

function finiteRange(columns: Iterable<ArrayLike<number>>): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of columns)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  return low <= high ? [low, high] : null;
}

/** Everything a chart draws along its vertical axis. */
function heights(chart: Chart): ArrayLike<number>[] {
  return [
    ...chart.lines.map(({ values }) => values),
    ...chart.bands.flatMap(({ low, high }) => [low, high]),
    ...chart.points.map(({ y }) => y),
  ];
}

function widths(chart: Chart): ArrayLike<number>[] {
  return [chart.x, ...chart.points.map(({ x }) => x)];
}

/** Values this far below 0, against the largest, are rounding errors of a solver. */
const ROUNDING = 1e-6;

/** Whether a chart can have a logarithmic axis: something lies above 0 and nothing truly below. */
export function hasLogScale(chart: Chart): boolean {
  const fits = (columns: ArrayLike<number>[]) => {
    const range = finiteRange(columns);
    return range !== null && range[1] > 0 && range[0] >= -ROUNDING * range[1];
  };
  return fits(heights(chart)) && (!chart.identity || fits(widths(chart)));
}

/** What both axes span; with an identity line both the same. A range is never empty. */
export function rangesOf(chart: Chart, log: boolean): { x: Range; y: Range } {
  if (chart.identity) {
    const all = [...heights(chart), ...widths(chart)];
    const both = (log ? logRange(all) : padded(finiteRange(all) ?? [0, 1])) ?? [1, 10];
    return { x: both, y: both };
  }
  const x = finiteRange(widths(chart)) ?? [0, 1];
  const drawn = finiteRange(heights(chart)) ?? [0, 0];
  // Points that are no curve over time need not be seen against zero.
  const free = chart.lines.length + chart.bands.length === 0 && chart.axesOfPoints;
  const low = Math.min(0, drawn[0]);
  const high = drawn[1] > low ? low + 1.04 * (drawn[1] - low) : low + 1;
  return {
    x: free ? padded(x) : x[1] > x[0] ? x : [x[0] - 0.5, x[0] + 0.5],
    y: (log ? logRange(heights(chart)) : null) ?? (free ? padded(drawn) : [low, high]),
  };
}

function padded([low, high]: Range): Range {
  const margin = 0.04 * (high - low) || 0.1 * Math.abs(high) || 0.5;
  return [low - margin, high + margin];
}

/** Round numbers across a range, about `count` of them, all inside it. */
export function ticksBetween(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((s) => s * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++)
    ticks.push(Number((n * step).toPrecision(12)));
  return ticks;
}

/** Powers of ten inside the range, with 2 and 5 times them where those are few. */
export function decades([low, high]: Range): number[] {
  const steps = high / low > 200 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    for (const step of steps) {
      const tick = Number(`${step}e${e}`);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  return ticks;
}
