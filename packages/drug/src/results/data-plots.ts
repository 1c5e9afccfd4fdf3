/** Which curves of a simulated data set are drawn together, and with what beside them. */
import type { Plot, SeriesColumn } from "@viscera/core";
import type { ModelOutput, PharmacologyModel } from "../pharmacology/model.js";
import type { DataCourses } from "./data-courses.js";
import { observedPoints } from "./observed-points.js";
import { quantileCurves } from "./spread.js";

/** Curves drawn in colours of their own; more are drawn as percentiles, and alike. */
const MOST_DISTINCT = 12;
const MOST_CURVES = 60;
/** Outputs of one subject that one chart shows readably together. */
const FEW_OUTPUTS = 4;
const SHARES = [
  ["p05", "5 %", 0.05],
  ["p25", "25 %", 0.25],
  ["p50", "Median", 0.5],
  ["p75", "75 %", 0.75],
  ["p95", "95 %", 0.95],
] as const;

interface Drawn {
  columns: SeriesColumn[];
  plots: Plot[];
}

/** Of one subject, outputs of one unit together; of several, each output by itself. */
export function dataPlots(model: PharmacologyModel, result: DataCourses): Drawn {
  if (result.courses.length === 1) return subjectPlots(model, result);
  const drawn = result.outputs.map((_, o) => outputPlots(model, result, o));
  return {
    columns: drawn.flatMap(({ columns }) => columns),
    plots: drawn.flatMap(({ plots }) => plots),
  };
}

/** At most so many, at equal distances. */
export function evenly<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]!);
}

function subjectPlots(model: PharmacologyModel, result: DataCourses): Drawn {
  const [course] = result.courses;
  const columns = result.outputs.map((output, o) => columnOf(output, "0", output.name, course!.values[o]!));
  const byUnit = new Map<string, number[]>();
  for (const [o, { unit }] of result.outputs.entries()) byUnit.set(unit, [...(byUnit.get(unit) ?? []), o]);
  const plots = [...byUnit.values()].flatMap((outputs) => {
    // Among many, the first one (the plasma of a whole body) is what was measured: it stands by itself.
    const alone = outputs.length > FEW_OUTPUTS ? 1 : 0;
    const groups: number[][] = alone ? [outputs.slice(0, 1)] : [];
    for (let from = alone; from < outputs.length; from += MOST_DISTINCT)
      groups.push(outputs.slice(from, from + MOST_DISTINCT));
    return groups.map((group): Plot => {
      const observed = group.flatMap((o) =>
        observedPoints(model, result, o).map((points) => ({ ...points, label: result.outputs[o]!.name })),
      );
      return {
        title: titleOf(group.map((o) => result.outputs[o]!.name)),
        columns: group.map((o) => columns[o]!.name),
        yScale: "linear",
        bands: [],
        points: group.length === 1 ? together(observed) : observed,
        axes: null,
      };
    });
  });
  return { columns, plots };
}

function titleOf(names: readonly string[]): string {
  return names.length > FEW_OUTPUTS ? `${names[0]} to ${names.at(-1)}` : names.join(", ");
}

function columnOf(output: ModelOutput, name: string, label: string, values: Float64Array): SeriesColumn {
  return { name: `${output.name}.${name}`, unit: output.unit || "1", label, values };
}

function outputPlots(model: PharmacologyModel, result: DataCourses, o: number) {
  const output = result.outputs[o]!;
  const { courses } = result;
  const few = courses.length <= MOST_DISTINCT;
  const lines = evenly(courses, MOST_CURVES);
  const columns = lines.map(({ label, values }, k) => columnOf(output, String(k), label, values[o]!));
  const observed = observedPoints(model, result, o);
  const each: Plot = {
    title: `${output.name}, ${few ? "each subject" : `${lines.length < courses.length ? `${lines.length} of ` : ""}${courses.length} curves`}`,
    columns: columns.map(({ name }) => name),
    yScale: "linear",
    bands: [],
    // Beyond eight, colours would not tell whose the observations are.
    points: few ? (courses.length <= 8 ? observed : together(observed)) : [],
    axes: null,
  };
  if (few) return { columns, plots: [each] };
  const curves = quantileCurves(
    courses.map(({ values }) => values[o]!),
    SHARES.map(([, , share]) => share),
  );
  const spread = SHARES.map(([name, label], s) => columnOf(output, name, label, curves[s]!));
  const named = (name: string) => `${output.name}.${name}`;
  const percentiles: Plot = {
    title: `${output.name}, percentiles of ${courses.length} curves`,
    columns: [named("p50")],
    yScale: "linear",
    bands: [
      { label: "5 to 95 %", low: named("p05"), high: named("p95") },
      { label: "25 to 75 %", low: named("p25"), high: named("p75") },
    ],
    points: together(observed),
    axes: null,
  };
  return { columns: [...columns, ...spread], plots: [percentiles, each] };
}

function together(points: Plot["points"]): Plot["points"] {
  if (points.length === 0) return [];
  return [{ label: "Observed", x: points.flatMap(({ x }) => x), y: points.flatMap(({ y }) => y) }];
}
