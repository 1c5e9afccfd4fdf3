/** An analysis without a model as a run: every profile's curve and terminal phase, tables, middles. */
import type { Plot, Run, SeriesColumn } from "@viscera/core";
import { interpolate } from "../pharmacology/nca/area.js";
import { analysedPoints } from "../pharmacology/nca/measures.js";
import type { NcaOptions, NcaResult, NcaRow } from "../pharmacology/nca/profiles.js";
import { terminalPhase } from "../pharmacology/nca/terminal-phase.js";
import type { NcaUnitNames } from "../pharmacology/nca/units.js";
import { exposureFigures, exposureTable, withUnit } from "./exposure.js";

export interface NcaRunInput {
  /** Name of the data, for the title. */
  data: string;
  result: NcaResult;
  options: NcaOptions;
  units: NcaUnitNames;
}

/** Profiles that are drawn. */
const MOST_PROFILES = 48;
/** Distances of the curve between two measurements: what falls exponentially is not straight. */
const PIECES = 8;

/** Nothing here computes a measure anew: curves follow the rules that the measures were computed by. */
export function ncaRun({ data, result, options, units }: NcaRunInput): Run {
  const rows = result.rows;
  const drawn = rows.slice(0, MOST_PROFILES);
  const times = commonTimes(drawn);
  const series: SeriesColumn[] = [
    { name: "time", unit: units.time || "1", label: "Time after the dose", values: times },
  ];
  const unit = units.concentration || "1";
  const single: Plot[] = [];
  const several = repeats(rows);
  for (const [k, row] of drawn.entries()) {
    const label = labelOf(row, units, several);
    const { curve, terminal } = curvesOf(row, times, options);
    series.push({ name: `profile${k}`, unit, label, values: curve });
    const columns = [`profile${k}`];
    if (terminal) {
      series.push({ name: `terminal${k}`, unit, label: "Terminal phase", values: terminal });
      columns.push(`terminal${k}`);
    }
    const { points } = row.profile;
    const measured = {
      label: "Measured",
      x: points.map(({ time }) => time),
      y: points.map(({ concentration }) => concentration),
    };
    single.push({ title: label, columns, yScale: "log", bands: [], points: [measured], axes: null });
  }
  const all: Plot = {
    title: `All profiles${drawn.length < rows.length ? `, ${drawn.length} of ${rows.length}` : ""}`,
    columns: drawn.map((_, k) => `profile${k}`),
    yScale: "linear",
    bands: [],
    points: [],
    axes: null,
  };
  return {
    summary: {
      schema: 1,
      simulation: "drug-nca",
      title: `Non-compartmental analysis of ${data}`,
      version: "0.1.0",
      config: "config.json",
      values: exposureFigures(rows, units),
      plots: [...(drawn.length > 1 ? [all] : []), ...single],
      tables:
        rows.length > 0
          ? [exposureTable([{ of: data, rows }], units, "measured concentrations"), terminalTable(rows)]
          : [],
      warnings: result.left.map(({ id, why }) => `Subject ${id} was left out: ${why}.`),
    },
    config: { data, method: options.method ?? "linear-up-log-down", ...options, units },
    series,
    fields: [],
  };
}

/** Whether a subject has more than one profile. */
function repeats(rows: readonly NcaRow[]): boolean {
  return new Set(rows.map(({ profile }) => profile.id)).size < rows.length;
}

function labelOf({ profile }: NcaRow, units: NcaUnitNames, several: boolean): string {
  const subject = `Subject ${profile.id}`;
  return several ? `${subject}, dose at ${withUnit(profile.doseTime, units.time)}` : subject;
}

/** Every time of a measurement, with some between. */
function commonTimes(rows: readonly NcaRow[]): Float64Array {
  const measured = new Set<number>();
  for (const { profile } of rows) {
    measured.add(0);
    for (const { time } of profile.points) measured.add(time);
  }
  const sorted = [...measured].sort((a, b) => a - b);
  const pieces = Math.max(1, Math.min(PIECES, Math.floor(4000 / Math.max(1, sorted.length))));
  const times: number[] = [];
  for (const [i, time] of sorted.entries()) {
    const next = sorted[i + 1];
    for (let p = 0; p < (next === undefined ? 1 : pieces); p++)
      times.push(time + (p * ((next ?? time) - time)) / pieces);
  }
  return Float64Array.from(times);
}

/** The curve under which the area lies, and the terminal line from its first point on. */
function curvesOf({ profile }: NcaRow, times: Float64Array, { method }: NcaOptions) {
  const points = analysedPoints(profile);
  const first = points[0]?.time ?? Number.POSITIVE_INFINITY;
  const phase = points.some(({ concentration }) => concentration > 0)
    ? terminalPhase(points, profile.route === "bolus")
    : null;
  const curve = times.map((time) =>
    time < first ? Number.NaN : (interpolate(points, time, method ?? "linear-up-log-down") ?? Number.NaN),
  );
  const terminal =
    phase &&
    times.map((time) =>
      time < phase.from || time > phase.to ? Number.NaN : Math.exp(phase.intercept - phase.lambdaZ * time),
    );
  return { curve, terminal };
}

function terminalTable(rows: readonly NcaRow[]) {
  return {
    title: "Terminal phase: how well it is known",
    columns: ["Subject", "Dose at", "Points", "Adjusted R²", "AUC extrapolated (%)"],
    rows: rows
      .slice(0, 400)
      .map(({ profile, measures }) => [
        profile.id,
        profile.doseTime,
        measures.lambdaZPoints,
        measures.lambdaZAdjustedR2,
        measures.aucExtrapolatedPercent,
      ]),
  };
}
