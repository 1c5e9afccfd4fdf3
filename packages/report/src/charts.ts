/** What of a run is drawn: each plot of its summary, split by unit, thinned to what a screen can show. */
import type { SeriesColumn } from "@viscera/core";
import type { ReportRun } from "./report-input.js";

export interface ChartLine {
  label: string;
  values: number[];
}

export interface Chart {
  title: string;
  xLabel: string;
  /** UCUM code. */
  xUnit: string;
  x: number[];
  /** UCUM code, the same for all lines. */
  unit: string;
  scale: "linear" | "log";
  lines: ChartLine[];
  /** True when not every point of the series is drawn. */
  thinned: boolean;
}

/** Points a chart draws at most. */
const MOST_POINTS = 2400;

/** Row numbers that keep every column's lowest and highest value within each of equal stretches. */
export function thinnedRows(columns: readonly ArrayLike<number>[], count: number, limit: number): number[] {
  if (count <= limit) return Array.from({ length: count }, (_, i) => i);
  const stretches = Math.max(1, Math.floor(limit / (2 * columns.length + 1)));
  const kept = new Set<number>([0, count - 1]);
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * count) / stretches);
    const to = Math.floor(((s + 1) * count) / stretches);
    for (const column of columns) {
      let low = from;
      let high = from;
      for (let i = from; i < to; i++) {
        if (column[i]! < column[low]!) low = i;
        if (column[i]! > column[high]!) high = i;
      }
      kept.add(low);
      kept.add(high);
    }
  }
  return [...kept].sort((a, b) => a - b);
}

/** Seven significant digits: what a chart needs, at half the bytes. */
const short = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : Number.NaN);

export function chartsOf(run: ReportRun): Chart[] {
  const [x, ...rest] = run.series;
  if (!x || x.values.length === 0) return [];
  const byName = new Map(rest.map((column) => [column.name, column]));
  return run.summary.plots.flatMap((plot) => {
    const columns = plot.columns.flatMap((name) => byName.get(name) ?? []);
    const byUnit = new Map<string, SeriesColumn[]>();
    for (const column of columns) byUnit.set(column.unit, [...(byUnit.get(column.unit) ?? []), column]);
    return [...byUnit].map(([unit, lines]): Chart => {
      const rows = thinnedRows(
        lines.map((line) => line.values),
        x.values.length,
        MOST_POINTS,
      );
      return {
        title: plot.title,
        xLabel: x.label,
        xUnit: x.unit,
        x: rows.map((row) => short(x.values[row]!)),
        unit,
        scale: plot.yScale,
        lines: lines.map((line) => ({
          label: line.label,
          values: rows.map((row) => short(line.values[row]!)),
        })),
        thinned: rows.length < x.values.length,
      };
    });
  });
}

/** The next 1, 2 or 5 times a power of ten, from `value` upwards (`up`) or downwards. */
function roundNumber(value: number, up: boolean): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const steps = [1, 2, 5, 10].map((step) => Number((step * power).toPrecision(6)));
  const slack = 1e-9 * value;
  return up ? steps.find((step) => step >= value - slack)! : steps.findLast((step) => step <= value + slack)!;
}

/** Range for a logarithmic axis: positive values only, four decades at most; null without any. */
export function logRange(lines: readonly ChartLine[]): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const { values } of lines)
    for (const value of values)
      if (value > 0) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
  if (high === 0) return null;
  const top = roundNumber(high, true);
  return [Math.min(roundNumber(Math.max(low, top * 1e-4), false), top / 10), top];
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
