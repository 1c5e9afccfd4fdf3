/** The time course of an SBML model as a run: curves, or means with standard deviations of a stochastic one. */
import type { Plot, Run, SeriesColumn, Table } from "@viscera/core";
import type { SbmlModel } from "../sbml/model.js";
import type { Moments } from "../sbml/moments.js";
import type { SbmlOutput } from "../sbml/outputs.js";

export interface SbmlCourse {
  model: SbmlModel;
  times: ArrayLike<number>;
  outputs: readonly SbmlOutput[];
  /** One row a time, in the order of the outputs. */
  rows: readonly ArrayLike<number>[];
}

/** Curves in one chart; of those with a spread around them, fewer can be read. */
const MOST_TOGETHER = 12;
const MOST_WITH_SPREAD = 4;
const MOST_TABLE_ROWS = 500;
/** Curves whose largest values differ by more stand in charts of their own. */
const LIKE_SIZE = 30;

function timeColumn(times: ArrayLike<number>): SeriesColumn {
  return { name: "time", unit: "1", label: "Time", values: Float64Array.from(times) };
}

function labelOf({ variable, quantity }: SbmlOutput): string {
  return quantity === "symbol" ? variable : `${variable}, ${quantity}`;
}

/** A variable that never changes; NaN and infinity count as changes. */
function isConstant(values: Float64Array): boolean {
  return values.every((value) => value === values[0]);
}

/** The largest size of what can be drawn. */
function sizeOf(values: Float64Array): number {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
}

/**
 * Plots of a few columns of like size each, the largest first: beside one of 100, one of 0.01 is a flat line. Constant
 * ones are in the table only.
 */
function plotsOf(
  columns: readonly SeriesColumn[],
  most: number,
  bands: (name: string) => Plot["bands"],
): Plot[] {
  const changing = columns.filter(({ values }) => !isConstant(values));
  const drawn = (changing.length > 0 ? changing : columns)
    .map((column) => ({ column, size: sizeOf(column.values) }))
    .sort((a, b) => b.size - a.size);
  const groups: (typeof drawn)[] = [];
  for (const entry of drawn) {
    const group = groups.at(-1);
    if (group && group.length < most && entry.size >= group[0]!.size / LIKE_SIZE) group.push(entry);
    else groups.push([entry]);
  }
  return groups.map((group) => ({
    title:
      groups.length === 1
        ? "Time course"
        : `${group.length === 1 ? group[0]!.column.label : `${group.length} variables`}, up to ${Number(group[0]!.size.toPrecision(3))}`,
    columns: group.map(({ column }) => column.name),
    yScale: "linear",
    bands: group.flatMap(({ column }) => bands(column.name)),
    points: [],
    axes: null,
  }));
}

function rangeTable(times: ArrayLike<number>, columns: readonly SeriesColumn[]): Table {
  const known = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);
  const shown = columns.slice(0, MOST_TABLE_ROWS);
  return {
    title: `Variables${shown.length < columns.length ? `, ${shown.length} of ${columns.length}` : ""}`,
    columns: ["Variable", "At start", "At end", "Smallest", "Largest", "Largest at"],
    rows: shown.map(({ label, values }) => {
      let low = -1;
      let high = -1;
      for (const [i, value] of values.entries()) {
        if (Number.isNaN(value)) continue;
        if (low < 0 || value < values[low]!) low = i;
        if (high < 0 || value > values[high]!) high = i;
      }
      return [
        label,
        known(values[0]),
        known(values.at(-1)),
        known(values[low]),
        known(values[high]),
        high < 0 ? null : known(times[high]),
      ];
    }),
  };
}

function oddValues(columns: readonly SeriesColumn[]): string[] {
  const odd = columns.filter(({ values }) => !values.every(Number.isFinite));
  if (odd.length === 0) return [];
  const names = odd.slice(0, 5).map(({ label }) => label);
  return [
    `${odd.length === 1 ? "One variable has" : `${odd.length} variables have`} values that are not finite and are not drawn: ${names.join(", ")}${odd.length > 5 ? ", ..." : ""}.`,
  ];
}

function runOf(
  { model, times, outputs }: Omit<SbmlCourse, "rows">,
  columns: readonly SeriesColumn[],
  further: readonly SeriesColumn[],
  what: { title: string; plots: Plot[]; config: Record<string, unknown>; table: string },
): Run {
  const table = rangeTable(times, columns);
  return {
    summary: {
      schema: 1,
      simulation: "drug-sbml",
      title: what.title,
      version: "0.1.0",
      config: "config.json",
      values: [],
      plots: what.plots,
      tables: [{ ...table, title: `${table.title}${what.table}` }],
      warnings: oddValues(columns),
    },
    config: { model: model.id, start: times[0], end: times[times.length - 1], outputs, ...what.config },
    series: [timeColumn(times), ...columns, ...further],
    fields: [],
  };
}

export function sbmlRun(course: SbmlCourse, config: Record<string, unknown> = {}): Run {
  const { model, outputs, rows } = course;
  const columns = outputs.map((output, k) => ({
    name: `v${k}`,
    unit: "1",
    label: labelOf(output),
    values: Float64Array.from(rows, (row) => row[k]!),
  }));
  return runOf(course, columns, [], {
    title: `Time course of ${model.id || "an SBML model"}`,
    plots: plotsOf(columns, MOST_TOGETHER, () => []),
    config,
    table: "",
  });
}

/** `moments`: of all outputs at every time, time by time. */
export function sbmlReplicatesRun(
  course: Omit<SbmlCourse, "rows">,
  moments: Moments,
  config: Record<string, unknown> = {},
): Run {
  const { model, times, outputs } = course;
  const at = (row: number, k: number) => row * outputs.length + k;
  const perTime = (value: (row: number) => number) => Float64Array.from(times, (_, row) => value(row));
  const columns = outputs.map((output, k) => ({
    name: `v${k}`,
    unit: "1",
    label: `${labelOf(output)}, mean`,
    values: perTime((row) => moments.means[at(row, k)]!),
  }));
  const edges = outputs.flatMap((output, k) =>
    ([-1, 1] as const).map((sign) => ({
      name: `v${k}${sign < 0 ? "low" : "high"}`,
      unit: "1",
      label: `${labelOf(output)}, mean ${sign < 0 ? "−" : "+"} SD`,
      values: perTime((row) => moments.means[at(row, k)]! + sign * moments.deviation(at(row, k))),
    })),
  );
  const labels = new Map(columns.map(({ name }, k) => [name, `${labelOf(outputs[k]!)}, ± 1 SD`]));
  return runOf(course, columns, edges, {
    title: `${moments.count} stochastic runs of ${model.id || "an SBML model"}: mean and spread`,
    plots: plotsOf(columns, MOST_WITH_SPREAD, (name) => [
      { label: labels.get(name)!, low: `${name}low`, high: `${name}high` },
    ]),
    config: { ...config, replicates: moments.count },
    table: ": means",
  });
}
