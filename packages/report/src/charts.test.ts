import assert from "node:assert/strict";
import { test } from "node:test";
import { logRange, rangesOf, ticksBetween } from "./chart-range.js";
import { bandOutlines } from "./chart-shapes.js";
import { chartLegend, chartSvg } from "./chart-svg.js";
import { chartsOf } from "./charts.js";
import type { ReportRun } from "./report-input.js";
import { smallCase } from "./testing/small-case.js";
import { thinnedRows } from "./thinning.js";

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
  for (let i = 20_000; i < 30_000; i++) b[i] = Number.NaN;
  b[29_990] = 7;
  assert.ok(thinnedRows([a, b], 50_000, 1000).includes(29_990), "a gap before a peak hides nothing");
  for (const row of [0, 17, 31_234, 49_999]) assert.ok(rows.includes(row), String(row));
  const gaps = rows.map((row, i) => (i === 0 ? 0 : row - rows[i - 1]!));
  assert.ok(Math.max(...gaps) <= 120, "smooth stretches keep rows, too");
  assert.ok(rows.every((row, i) => i === 0 || row > rows[i - 1]!));
});

test("axes: round ticks inside the range, logarithmic ranges of at most four decades", () => {
  assert.deepEqual(ticksBetween(0, 24, 12), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
  assert.deepEqual(ticksBetween(-0.3, 0.31, 3), [-0.25, 0, 0.25]);
  assert.deepEqual(ticksBetween(5, 5, 4), [5]);
  assert.deepEqual(logRange([[0, -1, 171, 3]]), [2, 200]);
  const [low, high] = logRange([[1e-12, 171]])!;
  assert.ok(low >= 0.01 && high === 200);
  assert.equal(logRange([[0, Number.NaN, Number.POSITIVE_INFINITY]]), null);
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

/** A run of a population: a median, two nested bands, measurements, and one plot of points alone. */
function populationRun(rows = 200): ReportRun {
  const x = Float64Array.from({ length: rows }, (_, i) => (24 * i) / (rows - 1));
  const course = (factor: number) => x.map((t) => factor * 10 * t * Math.exp(-0.4 * t));
  const column = (name: string, label: string, values: Float64Array, unit = "mg/L") => ({
    name,
    label,
    unit,
    values,
  });
  const run = smallCase().runs[0]!;
  const band = (label: string, low: string, high: string) => ({ label, low, high });
  return {
    ...run,
    series: [
      column("time", "Time", x, "h"),
      column("p50", "Median", course(1)),
      column("p05", "5 %", course(0.4)),
      column("p25", "25 %", course(0.7)),
      column("p75", "75 %", course(1.4)),
      column("p95", "95 %", course(2.2)),
      column("effect", "Effect", course(3), "%"),
    ],
    summary: {
      ...run.summary,
      plots: [
        {
          title: "Population",
          columns: ["p50", "effect"],
          yScale: "linear",
          bands: [
            band("Half of all", "p25", "p75"),
            band("90 % of all", "p05", "p95"),
            band("of two units", "p25", "effect"),
          ],
          points: [{ label: "Measured", x: [1, 2, 50, Number.NaN], y: [30, 12, 1, 4] }],
          axes: null,
        },
        {
          title: "Observed against predicted",
          columns: [],
          yScale: "log",
          bands: [],
          points: [{ label: "Subjects", x: [1, 2, 40], y: [1.5, 0, 33] }],
          axes: {
            x: { label: "Predicted", unit: "mg/L" },
            y: { label: "Observed", unit: "mg/L" },
            identity: true,
          },
        },
      ],
    },
  };
}

test("bands: the wider one lies behind, both in the colour of the line they surround", () => {
  const [first, second, points] = chartsOf(populationRun());
  assert.deepEqual(
    first!.bands.map(({ label, color, depth }) => [label, color, depth]),
    [
      ["90 % of all", 1, 0],
      ["Half of all", 1, 1],
    ],
  );
  assert.deepEqual(first!.points, [{ label: "Measured", x: [1, 2, 50], y: [30, 12, 1], color: 8 }]);
  assert.deepEqual([second!.unit, second!.bands, second!.points], ["%", [], []]);
  assert.deepEqual([points!.xLabel, points!.yLabel, points!.identity], ["Predicted", "Observed", true]);
});

test("axes hold everything drawn: bands and points, and with an identity line both span the same", () => {
  const [first, , points] = chartsOf(populationRun());
  const { x, y } = rangesOf(first!, false);
  assert.deepEqual(x, [0, 50]);
  assert.ok(y[0] === 0 && y[1] > 30 && y[1] < 32, String(y));
  const { x: px, y: py } = rangesOf(points!, true);
  assert.deepEqual(px, py);
  assert.deepEqual(px, [1, 50]);
});

test("thinning keeps a band's low below its high, at the same rows as its line", () => {
  const run = populationRun(60_000);
  const [chart] = chartsOf(run);
  assert.ok(chart!.thinned && chart!.x.length <= 2400);
  for (const { low, high } of chart!.bands) {
    assert.equal(low.length, chart!.x.length);
    for (let i = 0; i < low.length; i++) assert.ok(low[i]! <= high[i]!);
  }
  const at = chart!.x.findIndex((t, i) => i > 0 && t > 2.5);
  const exact = 10 * chart!.x[at]! * Math.exp(-0.4 * chart!.x[at]!);
  assert.ok(Math.abs(chart!.bands[0]!.high[at]! / exact - 2.2) < 1e-5);
});

test("a band's area goes along its high and back along its low, in pieces where values are missing", () => {
  const same = (value: number) => value;
  const band = { low: [0, 1, Number.NaN, 0, 1, 2], high: [2, 3, 4, 5, 6, 7] };
  assert.deepEqual(bandOutlines([0, 1, 2, 3, 4, 5], band, same, same, null), [
    [0, 2, 1, 3, 1, 1, 0, 0],
    [3, 5, 4, 6, 5, 7, 5, 2, 4, 1, 3, 0],
  ]);
  // On a logarithmic axis 0 lies on the floor, and an area wholly below 0 is none.
  assert.deepEqual(bandOutlines([0, 1, 2], { low: [0, 0, -2], high: [1, 2, -1] }, same, same, 0.5), [
    [0, 1, 1, 2, 1, 0.5, 0, 0.5],
  ]);
});

test("still charts of bands, points and identity hold finite numbers only, and say what is what", () => {
  for (const scale of ["linear", "log"] as const)
    for (const chart of chartsOf(populationRun())) {
      const svg = chartSvg({ ...chart, scale }).text;
      assert.ok(!/NaN|Infinity/.test(svg));
      assert.equal(svg.match(/class="area/g)?.length ?? 0, chart.bands.length);
      assert.equal(svg.includes("identity"), chart.identity);
      const marks = /class="marks[^>]*d="([^"]*)"/.exec(svg)?.[1] ?? "";
      const drawn = marks.match(/M/g)?.length ?? 0;
      // A point at 0 has no place on a logarithmic axis.
      const expected = chart.points.flatMap(({ y }) => y).filter((y) => scale === "linear" || y > 0);
      assert.equal(drawn, expected.length);
    }
  const legend = chartLegend(chartsOf(populationRun())[0]!).text;
  for (const label of ["Median", "90 % of all", "Half of all", "Measured"]) assert.ok(legend.includes(label));
});

test("many curves are drawn alike and told in one line; odd values do no harm", () => {
  const run = populationRun();
  const values = [
    ...Array.from({ length: 36 }, (_, k) => run.series[1]!.values.map((v) => v * (1 + k / 50))),
    run.series[1]!.values.map(() => 5),
    run.series[1]!.values.map(() => Number.NaN),
    run.series[1]!.values.map((_, i) => (i % 2 ? Number.POSITIVE_INFINITY : -3)),
  ];
  run.series = [
    run.series[0]!,
    ...values.map((v, k) => ({ name: `s${k}`, label: `Subject ${k + 1}`, unit: "mg/L", values: v })),
  ];
  const plot = { ...run.summary.plots[0]!, columns: values.map((_, k) => `s${k}`), bands: [], points: [] };
  run.summary.plots = [plot];
  const [chart] = chartsOf(run);
  assert.match(chartLegend(chart!).text, /39 curves: Subject 1 to Subject 39/);
  assert.ok(!/NaN|Infinity/.test(chartSvg(chart!).text));
  for (const only of [36, 37, 38]) {
    run.summary.plots = [{ ...plot, columns: [`s${only}`] }];
    for (const scale of ["linear", "log"] as const)
      assert.ok(!/NaN|Infinity/.test(chartSvg({ ...chartsOf(run)[0]!, scale }).text), `s${only}`);
  }
});
