import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import {
  compileEquations,
  compileRodas5p,
  EquationEvaluator,
  type EquationSystem,
  ExpressionGraph,
  integrate,
  parseFormula,
  Rodas5p,
  sensitivitySystem,
} from "../index.js";

async function solve(system: EquationSystem, state: ArrayLike<number>, parameters: number[], until: number) {
  const solver = new Rodas5p(await compileRodas5p(system), { relative: 1e-10, absolute: 1e-13 });
  solver.reset({ time: 0, state, parameters });
  integrate(solver, { until });
  const end = solver.state();
  const evaluator = new EquationEvaluator(await compileEquations(system));
  evaluator.setParameters(parameters);
  return { state: end, outputs: evaluator.outputs(until, end).slice() };
}

const startsOf = (
  initial: ReturnType<typeof sensitivitySystem>["initial"],
  values: Record<string, number>,
) => {
  const graph = new ExpressionGraph();
  return graph.evaluate(
    initial.map((expression) => graph.add(expression)),
    (name) => values[name]!,
  );
};

test("logistic growth: first and second derivatives have their closed forms", async () => {
  const system: EquationSystem = {
    states: ["x"],
    parameters: ["r", "x0"],
    time: "t",
    equations: [parseFormula("r * x * (1 - x)")],
    outputs: [parseFormula("ln(x)")],
  };
  const {
    system: augmented,
    initial,
    pairs,
  } = sensitivitySystem(system, ["r", "x0"], {
    order: 2,
    initial: [parseFormula("x0")],
  });
  assert.deepEqual(pairs, [
    [0, 0],
    [0, 1],
    [1, 1],
  ]);
  const [r, x0, t] = [0.7, 0.1, 3] as const;
  const { state, outputs } = await solve(augmented, startsOf(initial, { r, x0 }), [r, x0], t);
  // x = 1 / (1 + c e), c = 1/x0 - 1, e = exp(-r t)
  const c = 1 / x0 - 1;
  const e = Math.exp(-r * t);
  const x = 1 / (1 + c * e);
  const u = c * e;
  const byR = t * u * x ** 2;
  const byX0 = (e / x0 ** 2) * x ** 2;
  const expected = [
    x,
    byR,
    byX0,
    t * t * u * (u - 1) * x ** 3,
    ((t * e) / x0 ** 2) * (u - 1) * x ** 3,
    2 * e * (e / x0 ** 4) * x ** 3 - (2 * e * x ** 2) / x0 ** 3,
  ];
  expected.forEach((value, i) => assertClose(state[i]!, value, { relative: 1e-7 }, `state ${i}`));
  assertClose(outputs[0]!, Math.log(x), { relative: 1e-8 });
  assertClose(outputs[1]!, byR / x, { relative: 1e-7 });
  assertClose(outputs[4]!, expected[4]! / x - (byR * byX0) / x ** 2, { relative: 1e-6 });
});

test("a saturable model with definitions agrees with central differences, algebraic equations included", async () => {
  const system: EquationSystem = {
    states: ["gut", "blood", "c"],
    parameters: ["ka", "vmax", "km", "v"],
    time: "t",
    equations: ["-ka * gut", "ka * gut - elimination", "c - blood / v * if(t > 1, 1 + 0 * km, 1)"].map(
      parseFormula,
    ),
    algebraic: [false, false, true],
    definitions: new Map([["elimination", parseFormula("vmax * c / (km + c)")]]),
    outputs: [parseFormula("c * v"), parseFormula("elimination")],
  };
  const p = [1.2, 9, 4, 10];
  const names = ["vmax", "km", "v"];
  const { system: augmented } = sensitivitySystem(system, names, { order: 2 });
  const start = new Float64Array(augmented.states.length);
  start[0] = 100;
  const { state, outputs } = await solve(augmented, start, p, 6);
  const at = async (changes: Record<string, number>) =>
    await solve(
      system,
      [100, 0, 0],
      p.map((value, i) => value + (changes[system.parameters[i]!] ?? 0)),
      6,
    );
  for (const [k, name] of names.entries()) {
    const h = 1e-3;
    const [up, down] = [await at({ [name]: h }), await at({ [name]: -h })];
    const middle = await at({});
    for (const i of [1, 2]) {
      assertClose(state[3 + 3 * k + i]!, (up.state[i]! - down.state[i]!) / (2 * h), { relative: 1e-5 });
    }
    assertClose(outputs[2 + 2 * k + 1]!, (up.outputs[1]! - down.outputs[1]!) / (2 * h), { relative: 1e-5 });
    const pair = [0, 3, 5][k]!;
    const curvature = (up.outputs[1]! - 2 * middle.outputs[1]! + down.outputs[1]!) / h ** 2;
    assertClose(outputs[8 + 2 * pair + 1]!, curvature, { relative: 1e-2, absolute: 1e-4 });
  }
});

test("what cannot be done is told", () => {
  const system: EquationSystem = {
    states: ["x"],
    parameters: ["k"],
    time: "t",
    equations: [parseFormula("-k*x")],
  };
  assert.throws(() => sensitivitySystem(system, ["q"]), /no parameter "q"/);
  assert.throws(() => sensitivitySystem(system, ["k"], { initial: [parseFormula("x")] }), /parameters only/);
});
