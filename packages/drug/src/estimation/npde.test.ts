import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { npdeOf } from "./npde.js";
import { simulateObservations } from "./simulate-observations.js";
import { drawnData, problemOf } from "./testing.js";

const LINES = `
  parameter A = 10
  parameter B = -0.5
  random eA, eB ~ 4; 0.3, 0.09
  a = A + eA
  b = B + eB
  d/dt(nothing) = 0
  output y = a + b * t
  error y = additive 0.7
`;

test("few draws for many observations do not make the right model look wrong", async () => {
  const times = Array.from({ length: 12 }, (_, k) => k);
  const design = [
    "ID,TIME,DV",
    ...Array.from({ length: 100 }, (_, i) => times.map((t) => `${i + 1},${t},1`)).flat(),
  ];
  const problem = await problemOf(LINES, await drawnData(LINES, design.join("\n"), 21));
  const values = problem.space.values(problem.space.start)!;
  const npde = npdeOf(problem, await simulateObservations(problem, values, { replicates: 60, seed: 8 }))!;
  // 1200 values: a standard error of 0.04; without a correction the variance would be 1.27.
  assertClose(npde.variance, 1, { absolute: 0.1 });
  assertClose(npde.mean, 0, { absolute: 0.09 });
  assert.ok(npde.p.together > 0.01, JSON.stringify(npde.p));
  assert.equal(npde.values.length, 1200);
  const tooFew = npdeOf(problem, await simulateObservations(problem, values, { replicates: 13, seed: 8 }));
  assert.equal(tooFew, null);
});
