import assert from "node:assert/strict";
import { test } from "node:test";
import { chartLegend, chartSvg } from "./chart-svg.js";
import { chartsOf, logRange, thinnedRows, ticksBetween } from "./charts.js";
import { smallCase } from "./testing/small-case.js";

test("a plot whose columns have two units becomes two charts; unknown columns are left out", () => {
  const run = smallCase().runs[0]!;
  run.summary.plots[0]!.columns.push("nowhere");
  const charts = chartsOf(run);
  assert.deepEqual(
    charts.map(({ unit, lines }) => [unit, lines.map(({ label }) => label)]),
    [
      ["ug/L", ["Plasma", "Liver"]],
      ["mg", ["Eliminated"]],
    ],
  );
  assert.equal(charts[0]!.x.length, 97);
  assert.deepEqual(chartsOf({ ...run, series: [] }), []);
});

test("thinning keeps first, last and every column's extremes", () => {
  const a = Float64Array.from({ length: 50_000 }, (_, i) => Math.sin(i / 3000));
  const b = new Float64Array(50_000);
  a[31_234] = 99;
  b[17] = -5;
  const rows = thinnedRows([a, b], 50_000, 1000);
  assert.ok(rows.length <= 1000);
  for (const row of [0, 17, 31_234, 49_999]) assert.ok(rows.includes(row), String(row));
  assert.ok(rows.every((row, i) => i === 0 || row > rows[i - 1]!));
});

test("axes: round ticks inside the range, logarithmic ranges of at most four decades", () => {
  assert.deepEqual(ticksBetween(0, 24, 12), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
  assert.deepEqual(ticksBetween(-0.3, 0.31, 3), [-0.25, 0, 0.25]);
  assert.deepEqual(ticksBetween(5, 5, 4), [5]);
  assert.deepEqual(logRange([{ label: "", values: [0, -1, 171, 3] }]), [2, 200]);
  const [low, high] = logRange([{ label: "", values: [1e-12, 171] }])!;
  assert.ok(low >= 0.01 && high === 200);
  assert.equal(logRange([{ label: "", values: [0, Number.NaN] }]), null);
});

test("the still chart draws every finite point in the box and breaks its line at gaps", () => {
  const chart = chartsOf(smallCase().runs[0]!)[0]!;
  chart.lines[0]!.values[10] = Number.NaN;
  const svg = chartSvg({ ...chart, scale: "linear" }).text;
  const [first] = [...svg.matchAll(/ d="([^"]+)"/g)].map((match) => match[1]!);
  assert.equal(first!.match(/M/g)!.length, 2);
  assert.equal(first!.match(/[ML]/g)!.length, 96);
  for (const [, x, y] of first!.matchAll(/[ML]([\d.]+) ([\d.]+)/g)) {
    assert.ok(Number(x) >= 64 && Number(x) <= 704 && Number(y) >= 26 && Number(y) <= 254, `${x} ${y}`);
  }
  assert.match(svg, /Time \(h\)/);
  assert.match(svg, /µg\/L/);
  assert.equal(chartLegend(chart).text.match(/<li>/g)!.length, 2);
  const empty = chartSvg({ ...chart, x: [], lines: [{ label: "none", values: [] }] }).text;
  assert.ok(!/NaN|Infinity/.test(empty));
});
