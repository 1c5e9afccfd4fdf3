import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { parseFormula } from "../expression/index.js";
import { integrate } from "./integrate.js";
import { compileRodas5p, Rodas5p } from "./rodas5p.js";

const decay = compileRodas5p({
  states: ["x"],
  parameters: ["k"],
  time: "t",
  equations: [parseFormula("-k * x + 0 * t")],
});

async function started(): Promise<Rodas5p> {
  const solver = new Rodas5p(await decay, { relative: 1e-10, absolute: 1e-12 });
  solver.reset({ time: 0, state: [1], parameters: [0.5] });
  return solver;
}

test("doses are exact, before or after an output of their time", async () => {
  const times = [0, 1, 2, 2.5, 4];
  const dose = (time: number) => ({
    time,
    apply: (state: Float64Array) => {
      state[0]! += 1;
      return undefined;
    },
  });
  const e = (t: number) => Math.exp(-0.5 * t);
  for (const outputsAfterStops of [false, true]) {
    const seen: number[] = [];
    integrate(await started(), {
      until: 4,
      outputTimes: times,
      onOutput: (index, time, [x]) => {
        assert.equal(time, times[index]);
        seen.push(x!);
      },
      stops: [dose(0), dose(2), dose(2), dose(7)],
      outputsAfterStops,
    });
    const extra = outputsAfterStops ? 1 : 0;
    const expected = [
      1 + extra,
      2 * e(1),
      2 * e(2) + 2 * extra,
      (2 * e(2) + 2) * e(0.5),
      (2 * e(2) + 2) * e(2),
    ];
    expected.forEach((value, i) => {
      assertClose(seen[i]!, value, { relative: 1e-8 });
    });
  }
});

test("parameters change at a stop", async () => {
  const solver = await started();
  integrate(solver, { until: 3, stops: [{ time: 1, apply: () => [2] }] });
  assertClose(solver.state()[0]!, Math.exp(-0.5 - 4), { relative: 1e-8 });
});

test("a run that would need too many steps ends with the time it reached", async () => {
  const solver = new Rodas5p(await decay, { largestStep: 1e-6, initialStep: 1e-6 });
  solver.reset({ time: 0, state: [1], parameters: [0.5] });
  assert.throws(() => integrate(solver, { until: 1, largestSteps: 1000 }), {
    code: "failed.too-many-steps",
    message: /more than 1000 steps and stands at time 0\.001/,
  });
});

test("a run can be cancelled", async () => {
  const solver = new Rodas5p(await decay, { largestStep: 1e-6, initialStep: 1e-6 });
  solver.reset({ time: 0, state: [1], parameters: [0.5] });
  assert.throws(() => integrate(solver, { until: 1, signal: AbortSignal.abort() }), { code: "cancelled" });
});
