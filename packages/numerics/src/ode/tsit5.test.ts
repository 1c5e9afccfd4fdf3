import assert from "node:assert/strict";
import { test } from "node:test";
import type { EquationSystem } from "../compile/equations.js";
import { parseFormula } from "../expression/index.js";
import { integrate } from "./integrate.js";
import { compileTsit5, Tsit5 } from "./tsit5.js";
import { A, denseWeights, ERROR, STAGE_TIMES } from "./tsit5-tableau.js";

function system(equations: Record<string, string>, parameters: string[] = []): EquationSystem {
  return {
    states: Object.keys(equations),
    parameters,
    time: "t",
    equations: Object.values(equations).map(parseFormula),
  };
}

test("the tableau meets the conditions of its orders", () => {
  for (const [i, row] of A.entries()) {
    const total = row.reduce((sum, weight) => sum + weight, 0);
    assert.ok(Math.abs(total - STAGE_TIMES[i]!) < 1e-14, `row ${i}: ${total}`);
  }
  const weighted = (weights: readonly number[], power: number) =>
    weights.reduce((sum, weight, i) => sum + weight * STAGE_TIMES[i]! ** power, 0);
  for (let power = 0; power < 5; power++) {
    assert.ok(Math.abs(weighted(A[6]!, power) - 1 / (power + 1)) < 1e-13);
    if (power < 4) assert.ok(Math.abs(weighted(ERROR, power)) < 1e-13);
  }
  assert.ok(Math.abs(weighted(ERROR, 4)) > 1e-4);
  const end = denseWeights(1);
  for (const [i, weight] of [...A[6]!, 0].entries()) assert.ok(Math.abs(end[i]! - weight) < 1e-13);
});

test("order 5, and order 4 of dense output", async () => {
  const compiled = await compileTsit5(system({ y: "cos(t) + sin(t) - y", z: "y * z" }));
  const exact = (t: number) => Math.sin(t) + Math.exp(-t);
  const errors = (h: number) => {
    const solver = new Tsit5(compiled, { initialStep: h, largestStep: h, relative: 1, absolute: 1e9 });
    solver.reset({ time: 0, state: [1, 1] });
    let dense = 0;
    while (solver.time < 2 - 1e-9) {
      solver.step(2);
      const time = solver.time - 0.3 * h;
      dense = Math.max(dense, Math.abs(solver.at(time)[0]! - exact(time)));
    }
    return { end: Math.abs(solver.state()[0]! - exact(2)), dense };
  };
  const [coarse, fine] = [errors(0.2), errors(0.1)];
  const order = (key: "end" | "dense") => Math.log2(coarse[key] / fine[key]);
  assert.ok(order("end") > 4.7 && order("end") < 5.7, `order ${order("end")}`);
  assert.ok(order("dense") > 3.7 && order("dense") < 5.5, `order of dense output ${order("dense")}`);
});

test("a predator and its prey keep their invariant; stops and parameters are taken", async () => {
  const compiled = await compileTsit5(system({ x: "a*x - x*y", y: "x*y - y" }, ["a"]));
  const solver = new Tsit5(compiled, { relative: 1e-9, absolute: 1e-12 });
  solver.reset({ time: 0, state: [1, 2], parameters: [1] });
  const kept = ([x, y]: Float64Array) => x! - Math.log(x!) + y! - Math.log(y!);
  const first = kept(solver.state());
  integrate(solver, { until: 20 });
  assert.ok(Math.abs(kept(solver.state()) - first) < 1e-6);
  integrate(solver, { until: 25, stops: [{ time: 20, apply: (state) => void state.fill(0) }] });
  assert.deepEqual([...solver.state()], [0, 0]);
});

test("algebraic equations are refused", async () => {
  const model = { ...system({ y: "-y", z: "y - z" }), algebraic: [false, true] };
  await assert.rejects(compileTsit5(model), { code: "input.explicit-algebraic" });
});
