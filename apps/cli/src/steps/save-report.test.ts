import assert from "node:assert/strict";
import { test } from "node:test";
import { runSummarySchema } from "@viscera/core";
import { seriesOf } from "./save-report.js";
import { seriesCsv } from "./save-simulation.js";

test("columns come back from series.csv, also with brackets in their units", () => {
  const series = [
    { name: "time", unit: "s", label: "Time", values: Float64Array.of(0, 0.5) },
    { name: "aortaPressure", unit: "mm[Hg]", label: "Aorta, pressure", values: Float64Array.of(80, 120.25) },
  ];
  const summary = runSummarySchema.parse({
    ...{ schema: 1, simulation: "flow", title: "Flow", version: "1", config: "config.json", values: [] },
    ...{ plots: [], tables: [], warnings: [] },
    series: series.map(({ name, unit, label }) => ({ name, unit, label })),
  });
  const read = seriesOf(seriesCsv(series), "series.csv", summary);
  assert.deepEqual(
    read.map(({ name, unit, label, values }) => ({ name, unit, label, values: [...values] })),
    series.map(({ name, unit, label, values }) => ({ name, unit, label, values: [...values] })),
  );
  assert.throws(() => seriesOf("time[s],x[mL]\n0,1\n0.5\n", "series.csv", summary), { code: "input.series" });
});
