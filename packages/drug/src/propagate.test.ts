import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { curveMeasures, type DoseEvent, doseEvents, propagate } from "./index.js";

// One compartment with first-order absorption: dLumen/dt = -ka L, dA/dt = ka L - k A.
const ka = 1.3;
const k = 0.2;
const matrix = Float64Array.of(-ka, 0, ka, -k);
const target = (event: DoseEvent) => (event.into === "lumen" ? 0 : 1);
const times = Float64Array.from({ length: 49 }, (_, i) => i / 2);

test("bolus, infusion and oral doses follow their closed forms", () => {
  const bolus = propagate(
    matrix,
    2,
    doseEvents([{ route: "bolus", doseMg: 10, startH: 0, count: 1 }]),
    target,
    times,
  );
  bolus.forEach((state, i) => assertClose(state[1]!, 10 * Math.exp(-k * times[i]!), { relative: 1e-12 }));
  const oral = propagate(
    matrix,
    2,
    doseEvents([{ route: "oral", doseMg: 10, startH: 0, count: 1 }]),
    target,
    times,
  );
  oral.forEach((state, i) => {
    const t = times[i]!;
    assertClose(state[1]!, ((10 * ka) / (ka - k)) * (Math.exp(-k * t) - Math.exp(-ka * t)), {
      absolute: 1e-12,
    });
  });
  const infusion = propagate(
    matrix,
    2,
    doseEvents([{ route: "infusion", doseMg: 10, startH: 1.25, durationH: 3.3, count: 1 }]),
    target,
    times,
  );
  infusion.forEach((state, i) => {
    const t = times[i]!;
    const during = Math.min(Math.max(t - 1.25, 0), 3.3);
    const expected = (10 / 3.3 / k) * (1 - Math.exp(-k * during)) * Math.exp(-k * Math.max(0, t - 4.55));
    assertClose(state[1]!, expected, { absolute: 1e-12 });
  });
});

test("repeated doses reach the steady state of the accumulation formula", () => {
  const events = doseEvents([{ route: "bolus", doseMg: 1, startH: 0, everyH: 6, count: 100 }]);
  const states = propagate(matrix, 2, events, target, Float64Array.of(599.999999999));
  assertClose(states[0]![1]!, Math.exp(-6 * k) / (1 - Math.exp(-6 * k)), { relative: 1e-6 });
});

test("measures of an exponential are exact", () => {
  const values = times.map((t) => 8 * Math.exp(-k * t));
  const measures = curveMeasures(times, values, (8 / k) * (1 - Math.exp(-24 * k)), 0);
  assertClose(measures.areaInfinity!, 8 / k, { relative: 1e-12 });
  assertClose(measures.halfLifeH!, Math.LN2 / k, { relative: 1e-12 });
  assert.equal(measures.peakTimeH, 0);
});

test("a curve that does not fall has no half-life", () => {
  assert.equal(
    curveMeasures(
      times,
      times.map((t) => t),
      1,
      0,
    ).halfLifeH,
    null,
  );
});
