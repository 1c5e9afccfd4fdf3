/** Quantities of runs that the organs can be coloured by over time. */
import type { SeriesColumn } from "@viscera/core";
import { decades, logRange, type Range, ticksBetween } from "./chart-range.js";
import { mapColor, NO_VALUE_COLOR } from "./color-map.js";
import { formatUnit } from "./numbers.js";
import type { ReportRun } from "./report-input.js";
import type { Structure } from "./structures.js";
import { thinnedRows } from "./thinning.js";
import { capitalised } from "./wording.js";

/** One run's columns of one unit, as colours for structures. */
export interface Coloring {
  title: string;
  /** UCUM code. */
  unit: string;
  xLabel: string;
  xUnit: string;
  x: number[];
  columns: { label: string /** Numbers counted from 1. */; structures: number[]; values: number[] }[];
  scale: "linear" | "log";
  linear: Range;
  /** Null where no value is above 0. */
  log: Range | null;
  /** Rows worth a still picture, in order of time. */
  moments: { label: string; row: number }[];
}

const MOST_ROWS = 600;
/** Where an early peak stands on the slider. */
const PEAK_PLACE = 0.25;

/** `shown`: numbers of the structures that have a surface. */
export function coloringsOf(
  runs: readonly ReportRun[],
  structures: readonly Structure[],
  shown: ReadonlySet<number>,
): Coloring[] {
  const numbersOf = new Map<string, number[]>();
  structures.forEach(({ name }, i) => {
    if (shown.has(i + 1)) numbersOf.set(name, [...(numbersOf.get(name) ?? []), i + 1]);
  });
  return runs.flatMap((run) => coloringsOfRun(run, numbersOf));
}

function coloringsOfRun(run: ReportRun, numbersOf: ReadonlyMap<string, number[]>): Coloring[] {
  const [x, ...rest] = run.series;
  if (!x || x.values.length === 0) return [];
  const byUnit = new Map<string, { column: SeriesColumn; structures: number[] }[]>();
  for (const column of rest) {
    const list = byUnit.get(column.unit) ?? [];
    // A structure has one colour: that of the first column about it.
    const taken = new Set(list.flatMap(({ structures }) => structures));
    const structures = [...new Set(column.structures)]
      .flatMap((name) => numbersOf.get(name) ?? [])
      .filter((number) => !taken.has(number));
    if (structures.length > 0) byUnit.set(column.unit, [...list, { column, structures }]);
  }
  return [...byUnit].flatMap(([unit, list]) => {
    const rows = thinnedRows(
      list.map(({ column }) => column.values),
      x.values.length,
      MOST_ROWS,
    );
    const columns = list.map(({ column, structures }) => ({
      label: column.label,
      structures,
      values: rows.map((row) => Number(column.values[row]!.toPrecision(5))),
    }));
    const all = columns.flatMap(({ values }) => values.filter(Number.isFinite));
    if (all.length === 0) return [];
    const log = colorLogRange(all);
    const low = all.reduce((a, b) => Math.min(a, b), 0);
    const high = all.reduce((a, b) => Math.max(a, b), low);
    const names = new Set(list.map(({ column }) => column.name));
    const plot = run.summary.plots.find((entry) => entry.columns.some((name) => names.has(name)));
    return [
      {
        title: capitalised(run.summary.title),
        unit,
        xLabel: x.label,
        xUnit: x.unit,
        x: rows.map((row) => Number(x.values[row]!.toPrecision(7))),
        columns,
        scale: log && plot?.yScale === "log" ? ("log" as const) : ("linear" as const),
        linear: [low, high > low ? high : low + 1] as Range,
        log,
        moments: momentsOf(columns.map(({ values }) => values)),
      },
    ];
  });
}

/** Three decades at most: over more, organs that differ threefold would look the same. */
function colorLogRange(values: readonly number[]): Range | null {
  const range = logRange([values]);
  return range && [Math.max(range[0], range[1] / 1000), range[1]];
}

/** Rising to half of the peak, the peak, down to a third and to a thirtieth of it; by the mean over the columns. */
function momentsOf(columns: readonly number[][]): Coloring["moments"] {
  const means = columns[0]!.map((_, row) => {
    const finite = columns.map((values) => values[row]!).filter(Number.isFinite);
    return finite.reduce((sum, value) => sum + value, 0) / Math.max(1, finite.length);
  });
  const peak = means.reduce((best, mean, row) => (mean > means[best]! ? row : best), 0);
  const early = means.findIndex((mean, row) => row <= peak && mean >= means[peak]! / 2);
  const fallen = (share: number) => {
    const row = means.findIndex((mean, at) => at > peak && mean <= means[peak]! * share);
    return row < 0 ? means.length - 1 : row;
  };
  const moments = [
    { label: "Early", row: early },
    { label: "Peak", row: peak },
    { label: "Falling", row: fallen(1 / 3) },
    { label: "Late", row: fallen(1 / 30) },
  ];
  // Of moments that fall together the peak is told, else the last.
  return moments.filter(
    ({ label, row }, i) =>
      label === "Peak" || (row !== peak && !moments.slice(i + 1).some((other) => other.row === row)),
  );
}

/**
 * Times along a slider: place 0 to 1 -> time. Where the peak comes early its place is a quarter of the way, and time
 * runs the faster the later it is; else it runs evenly.
 */
export function timeScale({ x, moments }: Pick<Coloring, "x" | "moments">): {
  timeAt: (place: number) => number;
  placeOf: (time: number) => number;
  even: boolean;
} {
  const first = x[0]!;
  const span = x.at(-1)! - first || 1;
  const peak = (x[moments.find(({ label }) => label === "Peak")!.row]! - first) / span;
  const even = !(peak > 0 && peak < PEAK_PLACE);
  if (even) {
    return { timeAt: (place) => first + place * span, placeOf: (time) => (time - first) / span, even };
  }
  // ((1 + r)^place - 1) / r passes 0 and 1; r is where it passes the peak, sought on a logarithmic scale.
  let [low, high] = [1e-6, 1e12];
  for (let i = 0; i < 60; i++) {
    const r = Math.sqrt(low * high);
    if (((1 + r) ** PEAK_PLACE - 1) / r > peak) low = r;
    else high = r;
  }
  const r = low;
  return {
    timeAt: (place) => first + (span * ((1 + r) ** place - 1)) / r,
    placeOf: (time) => Math.log(1 + (r * (time - first)) / span) / Math.log(1 + r),
    even,
  };
}

/** Where a value lies between the ends of the colours, 0 to 1; null for none. */
export function shareOf(value: number, { linear, log }: Coloring, scale: "linear" | "log"): number | null {
  if (!Number.isFinite(value)) return null;
  if (scale === "linear" || !log) return (value - linear[0]) / (linear[1] - linear[0]);
  return value <= log[0] ? 0 : Math.log(value / log[0]) / Math.log(log[1] / log[0]);
}

/** Value of a column at a time, linear between two rows; NaN where one of them is missing. */
export function valueAt(x: readonly number[], values: readonly number[], time: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= time) low = middle;
    else high = middle;
  }
  const [a, b] = [values[low] ?? Number.NaN, values[high] ?? Number.NaN];
  if (time <= x[low]!) return a;
  if (time >= x[high]!) return b;
  return a + ((b - a) * (time - x[low]!)) / (x[high]! - x[low]!);
}

/** Colour of each coloured structure at a time, by number. */
export function colorsAt(coloring: Coloring, time: number, scale: "linear" | "log"): Map<number, string> {
  const colors = new Map<number, string>();
  for (const { structures, values } of coloring.columns) {
    const share = shareOf(valueAt(coloring.x, values, time), coloring, scale);
    for (const structure of structures)
      colors.set(structure, share === null ? NO_VALUE_COLOR : mapColor(share));
  }
  return colors;
}

/** "2.1 h", "3 min", "24 h": hours below one as minutes. */
export function timeText(time: number, unit: string): string {
  const minutes = unit === "h" && time !== 0 && Math.abs(time) < 1;
  const value = Number((minutes ? 60 * time : time).toPrecision(3));
  const shown = formatUnit(minutes ? "min" : unit);
  return `${String(value).replace("-", "−")}${shown && `\u00a0${shown}`}`;
}

/** A colour bar of 100 units' length: its pieces, and its numbers with their places. */
export function colorBar(coloring: Coloring, scale: "linear" | "log") {
  const pieces = 50;
  const range = scale === "log" && coloring.log ? coloring.log : coloring.linear;
  const ticks = scale === "log" ? decades(range) : ticksBetween(range[0], range[1], 4);
  return {
    unit: formatUnit(coloring.unit),
    pieces: Array.from({ length: pieces }, (_, i) => ({
      x: (100 * i) / pieces,
      // Pieces overlap a little: no seams between them.
      width: Math.min(100 / pieces + 0.3, 100 - (100 * i) / pieces),
      color: mapColor((i + 0.5) / pieces),
    })),
    ticks: ticks.map((value) => ({ x: 100 * shareOf(value, coloring, scale)!, value })),
  };
}
