import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { curveMeasures } from "./measures.js";

const times = Float64Array.from({ length: 49 }, (_, i) => i / 2);

test("measures of an exponential are exact", () => {
  const k = 0.2;
  const values = times.map((t) => 8 * Math.exp(-k * t));
  const measures = curveMeasures(times, values, (8 / k) * (1 - Math.exp(-24 * k)), 0);
  assertClose(measures.areaInfinity!, 8 / k, { relative: 1e-12 });
  assertClose(measures.halfLifeH!, Math.LN2 / k, { relative: 1e-12 });
  assert.equal(measures.peakTimeH, 0);
});

test("a curve that does not fall has no half-life", () => {
  const rising = times.map((t) => t);
  assert.equal(curveMeasures(times, rising, 1, 0).halfLifeH, null);
});
