/** A fit as a run, for a report. */
import type { Plot, Run, SeriesColumn } from "@viscera/core";
import type { PopulationFit } from "./fit-population.js";
import type { NpdeResult } from "./npde.js";
import type { EstimationProblem } from "./problem.js";
import type { ResidualRow } from "./residuals.js";
import type { VpcBin } from "./vpc.js";

export interface FitRunInput {
  problem: EstimationProblem;
  fit: PopulationFit | null;
  rows: readonly ResidualRow[];
  vpc: readonly VpcBin[];
  npde: NpdeResult | null;
  warnings: readonly string[];
  config: unknown;
}

export function fitRun({ problem, fit, rows, vpc, npde, warnings, config }: FitRunInput): Run {
  const { model, data } = problem;
  const known = rows.filter(({ censored }) => !censored);
  const unit = (output: string) => model.outputs.find(({ name }) => name === output)?.unit || "1";
  const time = { label: "Time", unit: model.timeUnit || "1" };
  const outputs = [...new Set(rows.map(({ output }) => output))];
  const plots: Plot[] = outputs.flatMap((output) => {
    const mine = known.filter((row) => row.output === output);
    const axis = (label: string) => ({ label, unit: unit(output) });
    const against = (label: string, value: (row: ResidualRow) => number): Plot => ({
      title: `${output}: observed against ${label}`,
      columns: [],
      yScale: "linear",
      bands: [],
      points: [{ label: "Observations", x: mine.map(value), y: mine.map(({ observed }) => observed) }],
      axes: { x: axis(`Predicted (${label})`), y: axis("Observed"), identity: true },
    });
    const weighted = mine.filter(({ conditionalWeighted }) => conditionalWeighted !== null);
    return [
      against("population", ({ predicted }) => predicted),
      against("individual", ({ individual }) => individual),
      {
        title: `${output}: conditional weighted residuals`,
        columns: [],
        yScale: "linear",
        bands: [],
        points: [
          {
            label: "CWRES",
            x: weighted.map((row) => row.time),
            y: weighted.map(({ conditionalWeighted }) => conditionalWeighted!),
          },
        ],
        axes: { x: time, y: { label: "CWRES", unit: "1" }, identity: false },
      },
    ];
  });
  const series: SeriesColumn[] = [];
  for (const output of outputs.slice(0, 1)) addVpc(output, vpc, known, unit(output), time, series, plots);
  return {
    summary: {
      schema: 1,
      simulation: "drug-fit",
      title: `${model.title || "Model"}: fit of ${problem.subjects.length} subjects of ${data.name}`,
      version: "0.1.0",
      config: "config.json",
      values: (fit?.estimates ?? []).map(({ name, value, unit: own, low, high }) => ({
        name,
        label: name,
        value,
        unit: own || "1",
        low,
        high,
      })),
      plots,
      tables: fit === null ? [] : [estimateTable(fit), goodnessTable(fit, npde)],
      warnings: [...warnings],
    },
    config,
    series,
    fields: [],
  };
}

function addVpc(
  output: string,
  vpc: readonly VpcBin[],
  known: readonly ResidualRow[],
  unit: string,
  time: { unit: string },
  series: SeriesColumn[],
  plots: Plot[],
): void {
  const bins = vpc.filter((bin) => bin.output === output);
  if (bins.length < 2) return;
  series.push({
    name: "time",
    unit: time.unit,
    label: "Time",
    values: Float64Array.from(bins, (bin) => bin.time),
  });
  const columns: string[] = [];
  const bands: { label: string; low: string; high: string }[] = [];
  for (const [p, { percentile }] of bins[0]!.levels.entries()) {
    const add = (name: string, label: string, value: (level: VpcBin["levels"][number]) => number) => {
      const full = `${name}_p${percentile}`;
      series.push({
        name: full,
        unit,
        label: `${label}, ${percentile} %`,
        values: Float64Array.from(bins, ({ levels }) => value(levels[p]!)),
      });
      return full;
    };
    columns.push(add("observed", "Observed", ({ observed }) => observed));
    const low = add("low", "Simulated, 2.5 % of draws", (level) => level.low);
    const high = add("high", "Simulated, 97.5 % of draws", (level) => level.high);
    bands.push({ label: `Simulated ${percentile} % (95 % interval)`, low, high });
  }
  const mine = known.filter((row) => row.output === output);
  plots.unshift({
    title: `${output}: visual predictive check`,
    columns,
    yScale: "linear",
    bands,
    points: [
      { label: "Observations", x: mine.map((row) => row.time), y: mine.map(({ observed }) => observed) },
    ],
    axes: null,
  });
}

function estimateTable(fit: PopulationFit) {
  return {
    title: "Estimates",
    columns: ["Parameter", "Estimate", "Unit", "SE", "RSE %", "95 % from", "to"],
    rows: fit.estimates.map((row): (string | number | null)[] => [
      row.fixed ? `${row.name} (fixed)` : row.name,
      row.value,
      row.unit,
      row.standardError,
      row.relativePercent,
      row.low,
      row.high,
    ]),
  };
}

function goodnessTable(fit: PopulationFit, npde: NpdeResult | null) {
  return {
    title: "Fit",
    columns: ["Measure", "Value"],
    rows: [
      ["OFV (-2 ln likelihood without n ln 2 pi)", fit.objective],
      ["-2 ln likelihood", fit.minusTwoLogLikelihood],
      ["AIC", fit.aic],
      ["BIC", fit.bic],
      ["Condition number", fit.uncertainty?.conditionNumber ?? null],
      ...fit.shrinkage.map(({ name, percent }) => [`Shrinkage of ${name}, %`, percent]),
      ...(npde === null
        ? []
        : [
            ["NPDE: mean", npde.mean],
            ["NPDE: variance", npde.variance],
            ["NPDE: p (mean, variance and normality together)", npde.p.together],
          ]),
    ] as (string | number | null)[][],
  };
}
