import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { parseFormula } from "../expression/index.js";
import { compileNdf, Ndf } from "./ndf.js";

async function solved(
  equations: Record<string, string>,
  state: number[],
  end: number,
  { relative = 1e-7, algebraic = [] as boolean[] } = {},
): Promise<Ndf> {
  const compiled = await compileNdf({
    states: Object.keys(equations),
    parameters: [],
    time: "t",
    equations: Object.values(equations).map(parseFormula),
    algebraic,
  });
  const solver = new Ndf(compiled, { relative, absolute: relative * 1e-3 });
  solver.reset({ time: 0, state });
  while (solver.time < end) solver.step(end);
  return solver;
}

test("a forced decay, also between steps", async () => {
  const solver = await solved({ y: "-50 * (y - cos(t))" }, [0], 2);
  // y = a (cos t + sin t / 50) - a exp(-50 t) with a = 2500 / 2501.
  const exact = (t: number) => (2500 / 2501) * (Math.cos(t) + Math.sin(t) / 50 - Math.exp(-50 * t));
  assertClose(solver.state()[0]!, exact(2), { relative: 1e-5 });
  const between = (solver.time + 3 * solver.previousTime) / 4;
  assertClose(solver.at(between)[0]!, exact(between), { relative: 1e-5 });
});

test("HIRES, an eight-state reaction scheme, and tighter tolerances give more digits", async () => {
  // Reference: Mazzia & Magherini, Test Set for IVP Solvers 2.4 (2008).
  const equations = {
    y1: "-1.71*y1 + 0.43*y2 + 8.32*y3 + 0.0007",
    y2: "1.71*y1 - 8.75*y2",
    y3: "-10.03*y3 + 0.43*y4 + 0.035*y5",
    y4: "8.32*y2 + 1.71*y3 - 1.12*y4",
    y5: "-1.745*y5 + 0.43*y6 + 0.43*y7",
    y6: "-280*y6*y8 + 0.69*y4 + 1.71*y5 - 0.43*y6 + 0.69*y7",
    y7: "280*y6*y8 - 1.81*y7",
    y8: "-280*y6*y8 + 1.81*y7",
  };
  const reference = [
    0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
    0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2,
  ];
  const errors: number[] = [];
  for (const relative of [1e-4, 1e-6, 1e-8]) {
    const state = (await solved(equations, [1, 0, 0, 0, 0, 0, 0, 0.0057], 321.8122, { relative })).state();
    errors.push(Math.max(...reference.map((value, i) => Math.abs(state[i]! / value - 1))));
  }
  assert.ok(errors[0]! < 2e-2 && errors[1]! < 2e-4 && errors[2]! < 2e-6, String(errors));
});

test("an index-1 algebraic equation holds along the way", async () => {
  const solver = await solved({ x: "-x", z: "z + x^2 * z - 2*x" }, [1, 1], 2, { algebraic: [false, true] });
  const x = Math.exp(-2);
  const [reached, z] = solver.state();
  assertClose(reached!, x, { relative: 1e-5 });
  assertClose(z!, (2 * x) / (1 + x * x), { relative: 1e-5 });
});

test("a step back to order 1 after a jump, and growth without bound", async () => {
  const solver = await solved({ y: "-y" }, [1], 1);
  solver.reset({ state: [10] });
  while (solver.time < 2) solver.step(2);
  assertClose(solver.state()[0]!, 10 * Math.exp(-1), { relative: 1e-5 });
  await assert.rejects(solved({ y: "y^2" }, [1], 2), { code: "failed.step-size" });
});
