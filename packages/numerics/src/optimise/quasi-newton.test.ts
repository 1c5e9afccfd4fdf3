import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { type Objective, quasiNewton } from "../index.js";

const rosenbrock: Objective = {
  value: (x) => {
    let sum = 0;
    for (let i = 0; i + 1 < x.length; i++) sum += 100 * (x[i + 1]! - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2;
    return sum;
  },
  gradient: (x) => {
    const g = new Float64Array(x.length);
    for (let i = 0; i + 1 < x.length; i++) {
      g[i]! += -400 * x[i]! * (x[i + 1]! - x[i]! ** 2) - 2 * (1 - x[i]!);
      g[i + 1]! += 200 * (x[i + 1]! - x[i]! ** 2);
    }
    return g;
  },
};

test("Rosenbrock's valley is followed to its end", async () => {
  for (const n of [2, 8]) {
    const seen: number[] = [];
    const { x, converged, iterations } = await quasiNewton(rosenbrock, new Float64Array(n).fill(-1), {
      tolerance: 1e-16,
      onIteration: ({ value }) => seen.push(value),
    });
    assert.ok(converged && iterations < 150, `${iterations} iterations`);
    for (const v of x) assertClose(v, 1, { absolute: 1e-6 });
    assert.ok(seen.every((value, i) => i === 0 || value <= seen[i - 1]!));
  }
});

test("a quadratic with its own Hessian takes one step", async () => {
  const a = Float64Array.of(4, 1, 1, 3);
  const { x, iterations } = await quasiNewton(
    {
      value: ([u = 0, v = 0]) => 2 * u * u + u * v + 1.5 * v * v - u - 2 * v,
      gradient: ([u = 0, v = 0]) => Float64Array.of(4 * u + v - 1, u + 3 * v - 2),
    },
    [0, 0],
    { hessian: a, tolerance: 1e-20 },
  );
  assert.equal(iterations, 1);
  assertClose(x[0]!, 1 / 11, { relative: 1e-12 });
  assertClose(x[1]!, 7 / 11, { relative: 1e-12 });
});

test("points without a value are stepped back from; steps are bounded; a flat function is at its end", async () => {
  // -ln x + x beyond 0, started where a full step leaves the domain.
  const { x, converged } = await quasiNewton(
    {
      value: ([v = 0]) => (v > 0 ? v - Math.log(v) : Number.NaN),
      gradient: ([v = 0]) => Float64Array.of(1 - 1 / v),
    },
    [50],
    { largestStep: 100 },
  );
  assert.ok(converged);
  assertClose(x[0]!, 1, { absolute: 1e-3 });
  const steps: number[] = [];
  await quasiNewton({ value: ([v = 0]) => v * v, gradient: ([v = 0]) => Float64Array.of(2 * v) }, [10], {
    largestStep: 0.5,
    onIteration: ({ x: [v = 0] }) => steps.push(v),
  });
  for (let i = 1; i < steps.length; i++) assert.ok(Math.abs(steps[i]! - steps[i - 1]!) <= 0.5 + 1e-12);
  assert.equal(
    (await quasiNewton({ value: () => 3, gradient: () => new Float64Array(2) }, [1, 2])).converged,
    true,
  );
});
