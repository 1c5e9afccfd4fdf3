import assert from "node:assert/strict";
import { test } from "node:test";
import { mapColor, mapPlace, NO_VALUE_COLOR } from "./color-map.js";
import {
  type Coloring,
  colorBar,
  coloringsOf,
  colorsAt,
  shareOf,
  timeScale,
  timeText,
  valueAt,
} from "./colorings.js";
import type { ReportRun } from "./report-input.js";
import { structuresOf } from "./structures.js";
import { smallCase } from "./testing/small-case.js";

/** Hex to OKLab, the way back from the map's own conversion, written out separately. */
function labOf(hex: string): [number, number, number] {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const v = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

test("the colours lie where they should, inside what a screen shows, and equal steps look equal", () => {
  const distances: number[] = [];
  for (let i = 0; i <= 12; i++) {
    const wanted = mapPlace(i / 12);
    const got = labOf(mapColor(i / 12));
    // A colour out of a screen's reach would be cut and miss its place by more than rounding does.
    for (let c = 0; c < 3; c++) assert.ok(Math.abs(got[c]! - wanted[c]!) < 0.006, `${i}: ${got} ${wanted}`);
    const before = i > 0 ? labOf(mapColor((i - 1) / 12)) : null;
    if (before) {
      assert.ok(got[0] > before[0], "lightness rises");
      distances.push(Math.hypot(...got.map((v, c) => v - before[c]!)));
    }
  }
  assert.ok(Math.max(...distances) / Math.min(...distances) < 1.1, String(distances));
  assert.equal(mapColor(-1), mapColor(0));
  assert.equal(mapColor(2), mapColor(1));
});

function run(): ReportRun {
  const { runs } = smallCase();
  const [time, plasma, liver, eliminated] = runs[0]!.series;
  return {
    ...runs[0]!,
    series: [
      time!,
      { ...plasma!, structures: ["aorta", "spleen"] },
      { ...liver!, structures: ["liver", "spleen"] },
      { ...eliminated!, structures: ["nowhere"] },
    ],
  };
}

const coloring = (): Coloring => {
  const input = smallCase();
  return coloringsOf([run()], structuresOf(input), new Set([1, 2]))[0]!;
};

test("columns colour the structures that the scene shows, each by the first column about it", () => {
  const input = smallCase();
  const found = coloringsOf([run()], structuresOf(input), new Set([1, 2]));
  assert.equal(found.length, 1, "amounts of no structure are no colouring");
  assert.deepEqual(
    found[0]!.columns.map(({ label, structures }) => [label, structures]),
    [
      ["Plasma", [2]],
      ["Liver", [1]],
    ],
  );
  assert.deepEqual(coloringsOf([run()], structuresOf(input), new Set()), []);
  assert.deepEqual(coloringsOf(input.runs, structuresOf(input), new Set([1, 2])), []);
  assert.deepEqual([found[0]!.scale, found[0]!.unit, found[0]!.xUnit], ["log", "ug/L", "h"]);
});

test("moments: half up, the peak, a third and a thirtieth on the way down", () => {
  const { moments, x, columns } = coloring();
  assert.deepEqual(
    moments.map(({ label }) => label),
    ["Early", "Peak", "Falling", "Late"],
  );
  const mean = (row: number) => columns.reduce((sum, { values }) => sum + values[row]!, 0) / columns.length;
  const [early, peak, falling, late] = moments.map(({ row }) => row) as [number, number, number, number];
  for (let row = 0; row < x.length; row++) assert.ok(mean(row) <= mean(peak));
  assert.ok(mean(early) >= mean(peak) / 2 && early < peak);
  assert.ok(mean(falling) <= mean(peak) / 3 && mean(falling - 1) > mean(peak) / 3);
  assert.ok(mean(late) <= mean(peak) / 30 && late > falling);
});

test("values between rows are interpolated, shares follow the scale, missing ones are grey", () => {
  assert.equal(valueAt([0, 1, 3], [0, 10, 30], 2), 20);
  assert.equal(valueAt([0, 1, 3], [0, 10, 30], 9), 30);
  assert.equal(valueAt([0, 1, 3], [5, 10, 30], -1), 5);
  assert.equal(valueAt([2], [7], 2), 7);
  const made = { ...coloring(), linear: [0, 50] as [number, number], log: [0.05, 50] as [number, number] };
  assert.equal(shareOf(25, made, "linear"), 0.5);
  assert.ok(Math.abs(shareOf(0.5, made, "log")! - 1 / 3) < 1e-12);
  assert.equal(shareOf(0, made, "log"), 0);
  assert.equal(shareOf(Number.NaN, made, "log"), null);
  made.columns[0]!.values.fill(Number.NaN);
  const colors = colorsAt(made, 1, "linear");
  assert.equal(colors.get(2), NO_VALUE_COLOR);
  assert.match(colors.get(1)!, /^#[0-9a-f]{6}$/);
});

test("the slider gives an early peak a quarter of its length and is its own inverse", () => {
  const peakAt = (row: number) => ({ x: [0, 0.02, 12, 24], moments: [{ label: "Peak", row }] });
  const early = timeScale(peakAt(1));
  assert.ok(!early.even);
  assert.ok(Math.abs(early.placeOf(0.02) - 0.25) < 1e-6);
  for (const place of [0, 0.1, 0.25, 0.6, 1])
    assert.ok(Math.abs(early.placeOf(early.timeAt(place)) - place) < 1e-9);
  assert.ok(Math.abs(early.timeAt(1) - 24) < 1e-9);
  const even = timeScale(peakAt(2));
  assert.ok(even.even);
  assert.equal(even.timeAt(0.5), 12);
  assert.equal(timeScale(peakAt(0)).timeAt(0.5), 12);
});

test("the colour bar's numbers stand at their colours", () => {
  const made = coloring();
  for (const scale of ["linear", "log"] as const)
    for (const { x, value } of colorBar(made, scale).ticks) {
      assert.ok(x >= -0.1 && x <= 100.1, `${value} at ${x}`);
      assert.ok(Math.abs(x - 100 * shareOf(value, made, scale)!) < 1e-9);
    }
  assert.equal(timeText(0.05, "h"), "3\u00a0min");
});

test("a quantity without a finite or a positive value does no harm", () => {
  const input = smallCase();
  const odd = run();
  odd.series[2]!.values = odd.series[2]!.values.map(() => Number.NaN);
  odd.series[1]!.values = odd.series[1]!.values.map(() => Number.NaN);
  assert.deepEqual(coloringsOf([odd], structuresOf(input), new Set([1, 2])), []);
  odd.series[1]!.values = odd.series[1]!.values.map(() => 0);
  const [flat] = coloringsOf([odd], structuresOf(input), new Set([1, 2]));
  assert.deepEqual([flat!.log, flat!.linear, flat!.scale], [null, [0, 1], "linear"]);
  assert.ok([...colorsAt(flat!, 3, "log").values()].every((color) => /^#[0-9a-f]{6}$/.test(color)));
});
