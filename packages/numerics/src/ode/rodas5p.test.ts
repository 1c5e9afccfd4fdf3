import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { compileSystem, instantiateSystem } from "../compile/compile-system.js";
import type { EquationSystem } from "../compile/equations.js";
import { call, parseFormula, sum } from "../expression/index.js";
import { compileRodas5p, Rodas5p } from "./rodas5p.js";
import { pivotedStep } from "./rodas5p-pivoted.js";
import { addRodas5p, type Rodas5pExports } from "./rodas5p-step.js";

function system(equations: Record<string, string>, more: Partial<EquationSystem> = {}): EquationSystem {
  return {
    states: Object.keys(equations),
    parameters: [],
    time: "t",
    equations: Object.values(equations).map(parseFormula),
    ...more,
  };
}

async function solved(
  model: EquationSystem,
  state: number[],
  end: number,
  { relative = 1e-8, parameters = [] as number[] } = {},
): Promise<Rodas5p> {
  const solver = new Rodas5p(await compileRodas5p(model), { relative, absolute: relative * 1e-3 });
  solver.reset({ time: 0, state, parameters });
  while (solver.time < end) solver.step(end);
  return solver;
}

/** A random stable system with a dense, nonlinear coupling that depends on the time. */
function randomSystem(size: number): EquationSystem {
  const random = new RandomStream(3, "numerics.ode.test");
  const states = Array.from({ length: size }, (_, i) => `y${i}`);
  return {
    states,
    parameters: ["k"],
    time: "t",
    equations: states.map((name, i) =>
      sum([
        call("mul", call("neg", call("add", "k", 3 * i)), name),
        ...states
          .filter((_, j) => j !== i && random.uniform(i, j) < 4 / size)
          .map((other, j) =>
            call("mul", random.uniform(i, 1000 + j) - 0.5, call("sin", call("mul", other, "t"))),
          ),
        call("cos", call("mul", "t", i + 1)),
      ]),
    ),
  };
}

test("order 5, and order 4 of dense output", async () => {
  // y' = cos t + sin t - y, y(0) = 1 has the solution sin t + exp(-t).
  const model = system({ y: "cos(t) + sin(t) - y", z: "y * z" });
  const compiled = await compileRodas5p(model);
  const exact = (t: number) => Math.sin(t) + Math.exp(-t);
  const errors = [10, 20, 40].map((steps) => {
    const h = 2 / steps;
    const solver = new Rodas5p(compiled, { relative: 1e9, initialStep: h, largestStep: h });
    solver.reset({ time: 0, state: [1, 0] });
    for (let k = 1; k <= steps; k++) solver.step(k === steps ? 2 : k * h);
    assert.equal(solver.statistics.accepted, steps);
    return [
      Math.abs(solver.state()[0]! - exact(2)),
      Math.abs(solver.at(2 - 0.3 * h)[0]! - exact(2 - 0.3 * h)),
    ] as const;
  });
  for (let i = 1; i < errors.length; i++) {
    assert.ok(Math.log2(errors[i - 1]![0] / errors[i]![0]) > 4.8);
    assert.ok(Math.log2(errors[i - 1]![1] / errors[i]![1]) > 3.8);
  }
});

test("Robertson's reaction to t = 1e11", async () => {
  // Reference: Mazzia & Magherini, Test Set for IVP Solvers 2.4 (2008).
  const solver = await solved(
    system({ a: "-0.04*a + 1e4*b*c", b: "0.04*a - 1e4*b*c - 3e7*b^2", c: "3e7*b^2" }),
    [1, 0, 0],
    1e11,
    { relative: 1e-9 },
  );
  const reference = [0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505];
  solver.state().forEach((value, i) => {
    assertClose(value, reference[i]!, { relative: 1e-5 });
  });
});

test("an index-1 algebraic equation holds along the way", async () => {
  // x' = -x, 0 = z + x^2 * z - 2 x: z = 2 x / (1 + x^2).
  const solver = await solved(
    system({ x: "-x", z: "z + x^2 * z - 2*x" }, { algebraic: [false, true] }),
    [1, 1],
    2,
  );
  const x = Math.exp(-2);
  const state = solver.state();
  assertClose(state[0]!, x, { relative: 1e-7 });
  assertClose(state[1]!, (2 * x) / (1 + x * x), { relative: 1e-7 });
});

test("an algebraic unknown that its own equation lacks is found by other rows", async () => {
  // 0 = x - cos t fixes x; w is what makes x' = w so: w = -sin t is found through a row without w itself.
  const solver = await solved(
    system({ v: "w - v", w: "u - w * 2", u: "w - 1 - t" }, { algebraic: [false, true, true] }),
    [0, 1, 2],
    1,
  );
  assertClose(solver.state()[1]!, 2, { relative: 1e-9 });
  assertClose(solver.state()[2]!, 4, { relative: 1e-9 });
});

for (const size of [5, 40]) {
  for (const lanes of [1, 2] as const) {
    test(`the compiled step is the plain one: ${size} states, ${lanes} lane(s)`, async () => {
      const model = randomSystem(size);
      const compiled = await compileSystem(model, addRodas5p, { lanes });
      const reference = lanes === 1 ? compiled : await compileSystem(model, addRodas5p);
      const memory = new WebAssembly.Memory({ initial: 16 });
      const numbers = new Float64Array(memory.buffer);
      const functions = instantiateSystem<Rodas5pExports>(compiled, memory);
      const { extra, regions } = compiled;
      for (let lane = 0; lane < lanes; lane++) {
        const put = (slot: number, value: number) => {
          numbers[slot * lanes + lane] = value;
        };
        for (let i = 0; i < size; i++) {
          put(extra.start.start + i, Math.sin(i + lane));
          put(extra.absolute.start + i, 1e-6);
        }
        put(extra.relative.start, 1e-4);
        put(extra.startTime.start, 0.3);
        put(regions.parameters.start, 2 + lane);
      }
      functions.prepare(0);
      functions.begin(0);
      functions.step(0, 0.05);
      functions.residual(0, 0.05);
      for (let lane = 0; lane < lanes; lane++) {
        const plainMemory = new WebAssembly.Memory({ initial: 16 });
        const plain = new Float64Array(plainMemory.buffer);
        for (let slot = 0; slot < compiled.slots; slot++) plain[slot] = numbers[slot * lanes + lane]!;
        const plainFunctions = instantiateSystem<Rodas5pExports>(reference, plainMemory);
        plainFunctions.prepare(0);
        plainFunctions.begin(0);
        pivotedStep(reference, plainFunctions, plain, 0.05);
        for (let i = 0; i < size; i++) {
          const slot = extra.end.start + i;
          assertClose(numbers[slot * lanes + lane]!, plain[slot]!, { absolute: 1e-12, relative: 1e-10 });
        }
        const slot = extra.error.start;
        assertClose(numbers[slot * lanes + lane]!, plain[slot]!, { relative: 1e-5 });
        assert.ok(numbers[extra.residual.start * lanes + lane]! < 1e-14);
      }
    });
  }
}

test("a matrix that needs pivoting is noticed and solved all the same", async () => {
  // The first pivot is g - J11 = 0 (or nearly) for h = 0.1: its reciprocal ruins the factors.
  const g = 1 / 0.1 / 0.21193756319429014;
  const model = system({ x: `${g} * x + 40 * y - 30 * z`, y: "35 * x - y + z", z: "20 * x + y - 3 * z" });
  const solver = new Rodas5p(await compileRodas5p(model), {
    relative: 1e9,
    initialStep: 0.1,
    largestStep: 0.1,
  });
  solver.reset({ time: 0, state: [1, 0.5, -0.2] });
  solver.step(0.1);
  assert.equal(solver.statistics.pivoted, 1);
  // Nearly the same system, whose pivot is harmless.
  const near = new Rodas5p(
    await compileRodas5p(
      system({ x: `${g * 1.0001} * x + 40 * y - 30 * z`, y: "35 * x - y + z", z: "20 * x + y - 3 * z" }),
    ),
    { relative: 1e9, initialStep: 0.1, largestStep: 0.1 },
  );
  near.reset({ time: 0, state: [1, 0.5, -0.2] });
  near.step(0.1);
  assert.equal(near.statistics.pivoted, 0);
  solver.state().forEach((value, i) => {
    assertClose(value, near.state()[i]!, { relative: 1e-2 });
  });
});

test("growth beyond all bounds is stopped with the time and the state's name", async () => {
  await assert.rejects(solved(system({ steady: "0 * steady", burst: "burst^2" }), [1, 1], 2), {
    code: "failed.step-size",
    message: /cannot go on at time 1\.0*\d*.*|"burst"/,
  });
});

test("rates that are no numbers at the start are named", async () => {
  await assert.rejects(solved(system({ x: "1 / x" }), [0], 1), {
    code: "failed.not-finite",
    message: 'The rate of "x" is Infinity at time 0.',
  });
});

test("unknown and cyclic names, and undetermined unknowns, are refused", async () => {
  await assert.rejects(compileRodas5p(system({ x: "-k * x" })), {
    code: "input.unknown-symbol",
    message: /"k"/,
  });
  const definitions = new Map([
    ["a", parseFormula("b + 1")],
    ["b", parseFormula("2 * a")],
  ]);
  await assert.rejects(compileRodas5p(system({ x: "a" }, { definitions })), {
    code: "input.cyclic-definition",
    message: /"a", "b", "a"/,
  });
  await assert.rejects(compileRodas5p(system({ x: "-x", z: "x - 1" }, { algebraic: [false, true] })), {
    code: "input.singular-system",
  });
});

test("parameters are taken anew at a reset, definitions and outputs follow", async () => {
  const model = system(
    { x: "-rate * x" },
    {
      parameters: ["k"],
      definitions: new Map([["rate", parseFormula("k * exp(0) + 0 * t")]]),
      outputs: [parseFormula("2 * x + t")],
    },
  );
  const solver = await solved(model, [1], 1, { parameters: [1], relative: 1e-10 });
  assertClose(solver.state()[0]!, Math.exp(-1), { relative: 1e-9 });
  solver.reset({ state: [1], parameters: [2] });
  while (solver.time < 2) solver.step(2);
  assertClose(solver.outputs(2)[0]!, 2 * Math.exp(-2) + 2, { relative: 1e-9 });
  const middle = (solver.time + solver.previousTime) / 2;
  assertClose(solver.outputs(middle)[0]!, 2 * Math.exp(-2 * (middle - 1)) + middle, { relative: 1e-6 });
});
