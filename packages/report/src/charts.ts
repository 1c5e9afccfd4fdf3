/** What of a run is drawn: each plot of its summary, split by unit, thinned to what a screen can show. */
import type { Plot, SeriesColumn } from "@viscera/core";
import type { ReportRun } from "./report-input.js";
import { everyFew, thinnedRows } from "./thinning.js";

export interface ChartLine {
  label: string;
  values: number[];
}

/** An area between two curves. */
export interface ChartBand {
  label: string;
  low: number[];
  high: number[];
  /** Number of its colour, from 1: that of the line it surrounds. */
  color: number;
  /** How many bands of that colour lie around it. */
  depth: number;
}

export interface ChartPoints {
  label: string;
  x: number[];
  y: number[];
  color: number;
}

export interface Chart {
  title: string;
  xLabel: string;
  /** UCUM code. */
  xUnit: string;
  x: number[];
  /** What the vertical axis is; empty where the lines' labels say it. */
  yLabel: string;
  /** UCUM code, the same for all lines. */
  unit: string;
  scale: "linear" | "log";
  lines: ChartLine[];
  /** Wider ones first. */
  bands: ChartBand[];
  points: ChartPoints[];
  /** True for points of one quantity against another. */
  axesOfPoints: boolean;
  /** Draw y = x; both axes span the same then. */
  identity: boolean;
  /** True when not every point of the series is drawn. */
  thinned: boolean;
}

/** Line styles repeat with another dash after the colours of the style sheet are used up. */
export const LINE_COLORS = 8;
/** More lines than these are drawn alike: nobody tells thirty colours apart. */
export const MOST_DISTINCT_LINES = 16;

/** Points of a curve that a chart draws at most, and numbers of all curves of a run together. */
const MOST_ROWS = 2400;
const FEWEST_ROWS = 200;
const MOST_NUMBERS = 150_000;
const MOST_POINTS = 3000;

/** Seven significant digits: what a chart needs, at half the bytes. */
const short = (value: number) => (Number.isFinite(value) ? Number(value.toPrecision(7)) : Number.NaN);

const colorOf = (n: number) => (n % LINE_COLORS) + 1;

export function chartsOf(run: ReportRun): Chart[] {
  const [x = null, ...rest] = run.series;
  const byName = new Map(rest.map((column) => [column.name, column]));
  const drawn = run.summary.plots.reduce((sum, plot) => sum + plot.columns.length + 2 * plot.bands.length, 0);
  const mostRows = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, Math.floor(MOST_NUMBERS / Math.max(1, drawn))));
  return run.summary.plots.flatMap((plot) => chartsOfPlot(plot, x, byName, mostRows));
}

interface UnitGroup {
  lines: SeriesColumn[];
  bands: { label: string; low: SeriesColumn; high: SeriesColumn }[];
}

function chartsOfPlot(
  plot: Plot,
  x: SeriesColumn | null,
  byName: ReadonlyMap<string, SeriesColumn>,
  mostRows: number,
): Chart[] {
  const groups = new Map<string, UnitGroup>();
  const groupOf = (unit: string) => {
    let group = groups.get(unit);
    if (!group) {
      group = { lines: [], bands: [] };
      groups.set(unit, group);
    }
    return group;
  };
  if (x && x.values.length > 0) {
    for (const name of plot.columns) {
      const column = byName.get(name);
      if (column) groupOf(column.unit).lines.push(column);
    }
    for (const { label, low: lowName, high: highName } of plot.bands) {
      const low = byName.get(lowName);
      const high = byName.get(highName);
      if (low && high && low.unit === high.unit) groupOf(low.unit).bands.push({ label, low, high });
    }
  }
  const own = groups.size === 0;
  if (own) {
    if (plot.points.length === 0) return [];
    groupOf(plot.axes?.y.unit ?? "");
  }
  return [...groups].map(([unit, { lines, bands }], g): Chart => {
    const columns = [...lines, ...bands.flatMap(({ low, high }) => [low, high])].map(({ values }) => values);
    const count = own ? 0 : x!.values.length;
    const rows = thinnedRows(columns, count, mostRows);
    const picked = ({ values }: SeriesColumn) => rows.map((row) => short(values[row]!));
    const chartLines = lines.map((line) => ({ label: line.label, values: picked(line) }));
    // Points are in the unit of the plot's first columns.
    const points = g === 0 ? pointsOf(plot, chartLines) : { list: [], thinned: false };
    return {
      title: plot.title,
      xLabel: own ? (plot.axes?.x.label ?? x?.label ?? "") : x!.label,
      xUnit: own ? (plot.axes?.x.unit ?? x?.unit ?? "") : x!.unit,
      x: rows.map((row) => short(x!.values[row]!)),
      yLabel: own ? (plot.axes?.y.label ?? "") : "",
      unit,
      scale: plot.yScale,
      lines: chartLines,
      bands: bandsOf(
        bands.map(({ label, low, high }) => ({ label, low: picked(low), high: picked(high) })),
        chartLines,
      ),
      points: points.list,
      axesOfPoints: own && plot.axes !== null,
      identity: own && plot.axes?.identity === true,
      thinned: rows.length < count || points.thinned,
    };
  });
}

/** Finite points, thinned; coloured like the line of the same name, else in colours of their own. */
function pointsOf(plot: Plot, lines: readonly ChartLine[]): { list: ChartPoints[]; thinned: boolean } {
  const total = plot.points.reduce((sum, { x }) => sum + x.length, 0);
  const share = Math.min(1, MOST_POINTS / Math.max(1, total));
  let next = lines.length;
  const list = plot.points.map(({ label, x, y }): ChartPoints => {
    const finite = x.flatMap((value, i) => (Number.isFinite(value) && Number.isFinite(y[i]) ? [i] : []));
    const kept = everyFew(finite.length, Math.ceil(finite.length * share)).map((i) => finite[i]!);
    const like = lines.findIndex((line) => line.label === label);
    // One set of measurements beside curves is drawn in the neutral last colour.
    const neutral = plot.points.length === 1 && lines.length > 0;
    const color = like >= 0 ? colorOf(like) : neutral ? LINE_COLORS : colorOf(next++);
    return { label, x: kept.map((i) => short(x[i]!)), y: kept.map((i) => short(y[i]!)), color };
  });
  return { list, thinned: share < 1 };
}

/** Share of a band's rows in which a line lies inside it. */
function shareInside({ low, high }: Pick<ChartBand, "low" | "high">, { values }: ChartLine): number {
  let rows = 0;
  let inside = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(low[i]) || !Number.isFinite(high[i]) || !Number.isFinite(values[i])) continue;
    rows++;
    if (values[i]! >= low[i]! && values[i]! <= high[i]!) inside++;
  }
  return rows === 0 ? 0 : inside / rows;
}

function meanWidth({ low, high }: Pick<ChartBand, "low" | "high">): number {
  let sum = 0;
  for (let i = 0; i < low.length; i++) if (Number.isFinite(high[i]! - low[i]!)) sum += high[i]! - low[i]!;
  return sum;
}

function bandsOf(
  bands: readonly Pick<ChartBand, "label" | "low" | "high">[],
  lines: readonly ChartLine[],
): ChartBand[] {
  const seen = new Map<number, number>();
  let next = lines.length;
  return [...bands]
    .sort((a, b) => meanWidth(b) - meanWidth(a))
    .map((band) => {
      const shares = lines.map((line) => shareInside(band, line));
      const best = shares.reduce((at, share, n) => (share > (shares[at] ?? 0) ? n : at), -1);
      const color = best >= 0 ? colorOf(best) : lines.length === 0 ? 1 : colorOf(next++);
      const depth = seen.get(color) ?? 0;
      seen.set(color, depth + 1);
      return { ...band, color, depth };
    });
}
