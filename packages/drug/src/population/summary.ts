/** A population's result as a run: percentile curves, exposures, attainment of targets. */
import type { Quantity, Run, SeriesColumn, Table } from "@viscera/core";
import { PEOPLE_COLUMNS } from "./covariates.js";
import { EXPOSURE_LABELS, EXPOSURE_NAMES, type ExposureName } from "./exposure.js";
import type { Goal } from "./optimise.js";
import type { PopulationResult } from "./results.js";
import { needsMic, type Target } from "./target.js";
import type { PopulationTask } from "./task.js";

export interface PopulationSummaryOptions {
  title: string;
  /** 0 to 100, rising. */
  percentiles: readonly number[];
  targets: readonly Target[];
  mics: readonly number[];
  optimised: { goal: Goal; what: "dose" | "interval"; value: number; reached: number; unit: string } | null;
  /** What to write as the configuration. */
  config: unknown;
  warnings: readonly string[];
}

/** Whose share of the people meets a target, and its 95 % interval. */
export interface Attainment {
  target: Target;
  /** Null where the target needs none. */
  mic: number | null;
  hits: number;
  share: number;
  low: number;
  high: number;
}

/** Each target with each MIC that it needs. */
export function attainments(
  result: PopulationResult,
  targets: readonly Target[],
  mics: readonly number[],
): Attainment[] {
  return targets.flatMap((target) =>
    (needsMic(target) ? mics : [null]).map((mic) => ({ target, mic, ...result.attainment(target, mic) })),
  );
}

/** Units of the table's columns, UCUM; "" where the model does not tell. */
export function columnUnits({ model, outputs }: PopulationTask, result: PopulationResult): string[] {
  const { covariates, parameters, measures } = result.layout;
  const unit = model.outputs.find(({ name }) => name === outputs[0])!.unit;
  const time = model.timeUnit;
  const area = unit === "" || time === "" ? "" : `${unit.replace(/^(.*?)(\/.*)?$/, `$1.${time}$2`)}`;
  const ofExposure: Record<ExposureName, string> = {
    cmax: unit,
    tmax: time,
    cmin: unit,
    clast: unit,
    auc: area,
    caverage: unit,
    halfLife: time,
  };
  return [
    ...covariates.map((name) => PEOPLE_COLUMNS.find(({ names }) => names[0] === name)!.unit),
    ...parameters.map((name) => model.parameters.find((parameter) => parameter.name === name)!.unit),
    // A share of time has no unit.
    ...measures.map((name) => ofExposure[name as ExposureName] ?? "1"),
  ];
}

export const percentileName = (output: string, percentile: number): string =>
  `${output}_p${String(percentile).replace(".", "_")}`;

const ordinal = (percentile: number) => (percentile === 50 ? "median" : `percentile ${percentile}`);

/** The run that a report shows and files are written from. */
export function populationRun(
  task: PopulationTask,
  result: PopulationResult,
  options: PopulationSummaryOptions,
): Run {
  const { percentiles, targets, mics, optimised, config, title, warnings } = options;
  const { outputs } = result.layout;
  const series: SeriesColumn[] = [
    { name: "time", unit: task.model.timeUnit, label: "Time", values: result.layout.times },
  ];
  for (const [o, name] of outputs.entries()) {
    const { unit } = task.model.outputs.find((output) => output.name === name)!;
    const bands = result.bands(o, percentiles);
    for (const [k, p] of percentiles.entries())
      series.push({
        name: percentileName(name, p),
        unit,
        label: `${name}, ${ordinal(p)}`,
        values: bands[k]!,
      });
  }
  const all = attainments(result, targets, mics);
  return {
    summary: {
      schema: 1,
      simulation: "drug-population",
      title,
      version: "0.1.0",
      config: "config.json",
      values: [
        ...(optimised ? [optimisedQuantity(optimised)] : []),
        ...all.map(attainmentQuantity),
        ...exposureQuantities(task, result),
      ],
      plots: outputs.flatMap((name) =>
        (["linear", "log"] as const).map((yScale) => ({
          title: `${name}${yScale === "log" ? ", logarithmic" : ""}`,
          columns: [percentileName(name, middle(percentiles))],
          yScale,
          bands: bandsOf(name, percentiles),
        })),
      ),
      tables: [
        exposureTable(task, result, percentiles),
        ...attainmentTable(all),
        ...peopleTable(task, result),
      ],
      warnings: [...warnings],
    },
    config,
    series,
    fields: [],
  };
}

const middle = (percentiles: readonly number[]): number => percentiles[Math.floor(percentiles.length / 2)]!;

/** Outer percentiles in pairs, the widest first. */
function bandsOf(name: string, percentiles: readonly number[]) {
  const bands = [];
  for (let k = 0; k < Math.floor(percentiles.length / 2); k++) {
    const [low, high] = [percentiles[k]!, percentiles[percentiles.length - 1 - k]!];
    bands.push({
      label: `percentiles ${low} to ${high}`,
      low: percentileName(name, low),
      high: percentileName(name, high),
    });
  }
  return bands;
}

function optimisedQuantity({
  goal,
  what,
  value,
  unit,
}: NonNullable<PopulationSummaryOptions["optimised"]>): Quantity {
  const label = `${what === "dose" ? "Dose" : "Interval between doses"} for ${goal.text}`;
  return { name: `optimised_${what}`, label, value, unit, low: null, high: null };
}

/** Medians, with the percentiles 5 and 95. */
function exposureQuantities(task: PopulationTask, result: PopulationResult): Quantity[] {
  const units = columnUnits(task, result);
  // The first ones head a report.
  const order: ExposureName[] = ["cmax", "auc", "halfLife", "tmax", "cmin", "caverage", "clast"];
  return order.flatMap((name): Quantity[] => {
    const { count, percentiles } = result.distribution(name, [5, 50, 95]);
    const [low, value, high] = percentiles as [number, number, number];
    if (count === 0) return [];
    const unit = units[result.columns.indexOf(name)]!;
    return [
      {
        name,
        label: `${EXPOSURE_LABELS[name]} of ${task.outputs[0]}, median (interval: 90 % of people)`,
        value,
        unit,
        low,
        high,
      },
    ];
  });
}

const targetText = ({ target, mic }: Attainment) =>
  mic === null ? target.text : `${target.text}, MIC ${mic}`;

function attainmentQuantity(attainment: Attainment, k: number): Quantity {
  const { share, low, high } = attainment;
  return {
    name: `attainment_${k + 1}`,
    label: `People with ${targetText(attainment)} (95 % interval)`,
    value: 100 * share,
    unit: "%",
    low: 100 * low,
    high: 100 * high,
  };
}

const rounded = (value: number | null) =>
  value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(4));

function exposureTable(
  task: PopulationTask,
  result: PopulationResult,
  percentiles: readonly number[],
): Table {
  const units = columnUnits(task, result);
  const { from, until } = task.window;
  const { timeUnit } = task.model;
  return {
    title: `Exposure to ${task.outputs[0]} from ${from} to ${until} ${timeUnit}`.trim(),
    columns: [
      "Measure",
      "Unit",
      "People",
      "Mean",
      "Geometric mean",
      "Geometric CV (%)",
      ...percentiles.map(ordinal),
    ],
    rows: EXPOSURE_NAMES.map((name) => {
      const found = result.distribution(name, percentiles);
      return [
        EXPOSURE_LABELS[name],
        units[result.columns.indexOf(name)]!,
        found.count,
        rounded(found.mean),
        rounded(found.geometricMean),
        rounded(found.geometricCv),
        ...found.percentiles.map(rounded),
      ];
    }),
  };
}

function attainmentTable(all: readonly Attainment[]): Table[] {
  if (all.length === 0) return [];
  return [
    {
      title: "Attainment of targets",
      columns: ["Target", "MIC", "People", "Share (%)", "95 % interval, low (%)", "high (%)"],
      rows: all.map(({ target, mic, hits, share, low, high }) => [
        target.text,
        mic,
        hits,
        rounded(100 * share),
        rounded(100 * low),
        rounded(100 * high),
      ]),
    },
  ];
}

/** Who the people are, and what varies in them. */
function peopleTable(task: PopulationTask, result: PopulationResult): Table[] {
  const { covariates, parameters } = result.layout;
  const units = columnUnits(task, result);
  const names = [...covariates, ...parameters];
  if (names.length === 0) return [];
  return [
    {
      title: "The people",
      columns: ["Quantity", "Unit", "Mean", ...[5, 50, 95].map(ordinal)],
      rows: names.map((name, i) => {
        const found = result.distribution(name, [5, 50, 95]);
        const covariate = PEOPLE_COLUMNS.find(({ names: known }) => known[0] === name);
        return [
          i < covariates.length ? covariate!.label : name,
          units[i]!,
          rounded(found.mean),
          ...found.percentiles.map(rounded),
        ];
      }),
    },
  ];
}

/** individuals.csv: one row a person. */
export function individualsCsv(task: PopulationTask, result: PopulationResult): string {
  const units = columnUnits(task, result);
  const header = result.columns.map((name, i) => (units[i] === "" ? name : `${name}[${units[i]}]`));
  const width = result.columns.length;
  const lines = [["ID", ...header].join(",")];
  for (let i = 0; i < result.size; i++) {
    const cells = Array.from(result.table.subarray(i * width, (i + 1) * width), (value) =>
      Number.isNaN(value) ? "" : String(value),
    );
    lines.push([i + 1, ...cells].join(","));
  }
  return `${lines.join("\n")}\n`;
}
