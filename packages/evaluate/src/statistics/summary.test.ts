import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { exactSum } from "./exact-sum.js";
import { pairwiseSum } from "./pairwise-sum.js";
import { percentileOf } from "./percentile.js";
import { Bootstrap, summarise } from "./summary.js";

test("a small list by hand; what is no number is counted", () => {
  const found = summarise([4, 1, Number.NaN, 3, Number.POSITIVE_INFINITY, 2], new Bootstrap(1));
  assert.deepEqual([found.count, found.missing, found.infinite], [4, 1, 1]);
  assert.equal(found.mean, 2.5);
  assert.equal(found.sd, Math.sqrt(5 / 3));
  assert.deepEqual([found.min, found.q1, found.median, found.q3, found.max], [1, 1.75, 2.5, 3.25, 4]);
  assert.ok(found.ciLow > 1 && found.ciLow < 2.5 && found.ciHigh > 2.5 && found.ciHigh < 4);
});

test("the interval of normal values is about two standard errors wide, and the seed's alone", () => {
  const stream = new RandomStream(5, "evaluate.test");
  const values = Array.from({ length: 400 }, (_, i) => stream.normal(0, i));
  const { ciLow, ciHigh, sd } = summarise(values, new Bootstrap(1, 2000));
  const width = (ciHigh - ciLow) / (2 * 1.96 * (sd / 20));
  assert.ok(Math.abs(width - 1) < 0.08, `${width}`);
  assert.deepEqual(summarise(values, new Bootstrap(1, 2000)).ciLow, ciLow);
  assert.notEqual(summarise(values, new Bootstrap(2, 2000)).ciLow, ciLow);
});

test("no value has no mean; one value no spread", () => {
  const none = summarise([Number.NaN], new Bootstrap(1));
  assert.ok(none.count === 0 && Number.isNaN(none.mean) && Number.isNaN(none.median));
  const one = summarise([3], new Bootstrap(1));
  assert.ok(one.mean === 3 && Number.isNaN(one.sd) && Number.isNaN(one.ciLow));
});

test("percentiles lie linearly between neighbours", () => {
  assert.equal(percentileOf([0, 10], 95), 9.5);
  assert.equal(percentileOf([5], 95), 5);
  assert.equal(percentileOf([1, 2, Number.POSITIVE_INFINITY], 50), 2);
  assert.ok(Number.isNaN(percentileOf([], 50)));
  assert.equal(percentileOf([1, Number.POSITIVE_INFINITY], 50), Number.POSITIVE_INFINITY);
});

test("sums by halves lose nothing of many equal parts", () => {
  for (const count of [3, 8, 127, 128, 129, 1000, 4096]) {
    const sum = pairwiseSum(new Float64Array(count).fill(0.1));
    assert.ok(Math.abs(sum - count / 10) <= 1e-15 * count, `${count}`);
  }
  assert.equal(pairwiseSum(new Float64Array(8).fill(1 / 3)) / 2, (4 * 1) / 3);
});

test("exact sums do not depend on the order", () => {
  assert.equal(exactSum([1e100, 1, -1e100, 1]), 2);
  assert.equal(exactSum(new Array(10).fill(0.1)), 1);
  assert.equal(exactSum([]), 0);
  const stream = new RandomStream(8, "evaluate.test");
  const values = Array.from({ length: 200 }, (_, i) => stream.normal(0, i) * 10 ** stream.integer(12, 1, i));
  const sorted = [...values].sort((a, b) => a - b);
  assert.equal(exactSum(values), exactSum(sorted));
});
