import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { exposureOf, shareAbove, windowRows } from "./exposure.js";
import { EXPOSURE_NAMES, meets, quantile, readTarget, wilson } from "./index.js";

const window = (from: number, until: number) => ({ from, until, lastDose: 0 });

test("Wilson's interval by its closed form and at its ends", () => {
  // 50 of 100: 0.5 -+ 0.0962, the value of the textbooks.
  const half = wilson(50, 100);
  assertClose(half.low, 0.4038, { absolute: 5e-5 });
  assertClose(half.high, 0.5962, { absolute: 5e-5 });
  const square = 1.959963984540054 ** 2;
  const none = wilson(0, 10);
  assert.deepEqual([none.share, none.low], [0, 0]);
  assertClose(none.high, square / (10 + square), { relative: 1e-12 });
  assertClose(wilson(10, 10).low, 10 / (10 + square), { relative: 1e-12 });
});

test("quantiles of type 7", () => {
  // R: quantile(c(1, 2, 3, 4, 10), c(0, 0.1, 0.25, 0.6, 1))
  const sorted = [1, 2, 3, 4, 10];
  for (const [p, expected] of [
    [0, 1],
    [0.1, 1.4],
    [0.25, 2],
    [0.6, 3.4],
    [1, 10],
  ] as const)
    assertClose(quantile(sorted, p), expected, { relative: 1e-12 });
  assert.equal(quantile([7], 0.3), 7);
});

test("measures of a window, with a jump at its end and its beginning", () => {
  const times = Float64Array.of(0, 4, 8, 8, 12, 16, 16);
  const values = Float64Array.of(0, 4, 2, 6, 3, 1.5, 9);
  assert.deepEqual(windowRows(times, 8, 16), [3, 5]);
  const found = exposureOf(times, values, null, window(8, 16));
  const measure = (name: (typeof EXPOSURE_NAMES)[number]) => found[EXPOSURE_NAMES.indexOf(name)]!;
  assert.deepEqual(
    ["cmax", "tmax", "cmin", "clast"].map((name) => measure(name as never)),
    [6, 0, 1.5, 1.5],
  );
  // Falling by half in 4: exponential pieces.
  assertClose(measure("auc"), (6 - 1.5) / (Math.LN2 / 4), { relative: 1e-12 });
  assertClose(measure("caverage"), measure("auc") / 8, { relative: 1e-12 });
  const cumulated = Float64Array.of(0, 8, 20, 20, 37, 47, 47);
  assert.equal(exposureOf(times, values, cumulated, window(8, 16))[EXPOSURE_NAMES.indexOf("auc")], 27);
});

test("time above a threshold: straight where it rises, exponential where it falls", () => {
  const [times, values] = [
    [0, 2, 6],
    [0, 8, 2],
  ];
  // Up to 4 after 1; down to 4 half way of two halvings.
  assertClose(shareAbove(times, values, 4, window(0, 6)), (1 + 2) / 6, { relative: 1e-12 });
  assert.equal(shareAbove(times, values, 9, window(0, 6)), 0);
  assert.equal(shareAbove(times, values, 1, window(2, 6)), 1);
});

test("targets compare as they are written", () => {
  const met = (text: string, value: number, mic: number | null = null) => meets(readTarget(text), value, mic);
  assert.deepEqual(
    [met("auc>400", 400), met("auc>=400", 400), met("cmax<20", 20), met("cmax<=20", 20)],
    [false, true, false, true],
  );
  assert.deepEqual([met("auc/mic>=100", 250, 2), met("auc/mic>=100", 250, 4)], [true, false]);
  assert.deepEqual([met("t>mic>=50%", 0.5), met("t > 2 > 0.5", 0.5)], [true, false]);
});
