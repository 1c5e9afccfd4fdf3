import assert from "node:assert/strict";
import { test } from "node:test";
import { averageDecay, planOfSteps, stepsWithin } from "./budget.js";

const budget = {
  seconds: 3600,
  secondsSpent: 100,
  secondsPerStep: 0.5,
  validationWindows: 30,
  finalWindows: 60,
  batch: 2,
};

test("steps, looks and the last look fit into the time, and use most of it", () => {
  const { steps, validateEvery } = stepsWithin(budget);
  const window = 0.5 / 3 / 2;
  const looks = Math.floor(steps / validateEvery!);
  const seconds = 100 + steps * 0.5 + looks * 30 * window + 60 * window;
  assert.ok(seconds < 3600, `${seconds}`);
  assert.ok(seconds > 0.9 * 3600, `${seconds}`);
});

test("looks at large held-out sets become rare, and without any there are none", () => {
  const rare = stepsWithin({ ...budget, validationWindows: 3000 });
  assert.ok(rare.validateEvery! > stepsWithin(budget).validateEvery!);
  assert.equal(stepsWithin({ ...budget, validationWindows: 0 }).validateEvery, null);
  assert.equal(planOfSteps(1000, 0).validateEvery, null);
  assert.equal(planOfSteps(1000, 3).validateEvery, 100);
  assert.equal(planOfSteps(20, 3).validateEvery, 50);
});

test("a budget that preparing used up still gives a quarter of it to training", () => {
  const { steps } = stepsWithin({ ...budget, secondsSpent: 1e6 });
  assert.ok(steps * 0.5 > 0.2 * 3600 && steps * 0.5 <= 0.25 * 3600, `${steps}`);
  assert.equal(stepsWithin({ ...budget, seconds: 0.1 }).steps, 1);
});

test("the average remembers a fortieth of the run", () => {
  assert.equal(averageDecay(4000), 0.99);
  assert.equal(averageDecay(10), 0.75);
  assert.equal(averageDecay(1e6), 1 - 1 / 2000);
});
