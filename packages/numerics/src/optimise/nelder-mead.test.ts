import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { nelderMead } from "../index.js";

test("minima of smooth and of kinked functions are found", async () => {
  const rosenbrock = await nelderMead(([a = 0, b = 0]) => 100 * (b - a * a) ** 2 + (1 - a) ** 2, [-1.2, 1], {
    tolerance: 1e-14,
    mostEvaluations: 1000,
  });
  assert.ok(rosenbrock.converged);
  assertClose(rosenbrock.x[0]!, 1, { absolute: 1e-4 });
  const kinked = await nelderMead(
    (x) => x.reduce((sum, v, i) => sum + Math.abs(v - i), 0),
    new Float64Array(4),
    {
      mostEvaluations: 5000,
      tolerance: 1e-12,
    },
  );
  kinked.x.forEach((v, i) => assertClose(v, i, { absolute: 1e-3 }));
});

test("points without a value are avoided; evaluations are bounded; no variable is a point", async () => {
  const { x } = await nelderMead(([v = 0]) => (v > 1 ? (v - 2) ** 2 : Number.NaN), [5], {
    mostEvaluations: 500,
  });
  assertClose(x[0]!, 2, { absolute: 1e-3 });
  const short = await nelderMead((y) => y.reduce((sum, v) => sum + v * v, 0), new Float64Array(6).fill(9), {
    mostEvaluations: 50,
  });
  assert.ok(!short.converged && short.evaluations <= 60);
  assert.equal((await nelderMead(() => 4, [])).value, 4);
});
