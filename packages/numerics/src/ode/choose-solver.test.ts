import assert from "node:assert/strict";
import { test } from "node:test";
import type { EquationSystem } from "../compile/equations.js";
import { parseFormula } from "../expression/index.js";
import { chooseSolver, createSolver, SOLVERS } from "./choose-solver.js";
import { ExactLinear, isLinear } from "./exact-linear.js";
import { integrate } from "./integrate.js";

function system(equations: Record<string, string>, parameters: string[] = []): EquationSystem {
  return {
    states: Object.keys(equations),
    parameters,
    time: "t",
    equations: Object.values(equations).map(parseFormula),
  };
}

const linear = system({ x: "-k*x + r", y: "k*x - y/4" }, ["k", "r"]);
const at = { from: 0, until: 10, state: [1, 1], parameters: [2, 3] };

test("solvers are chosen by structure and stiffness", async () => {
  assert.equal(await chooseSolver(linear, at), "exact");
  const slow = system({ x: "-x*y", y: "x*y - y" });
  const alone = { ...at, parameters: [] };
  assert.equal(await chooseSolver(slow, alone), "tsit5");
  assert.equal(await chooseSolver(slow, { ...alone, until: 1e5 }), "rodas5p");
  assert.equal(await chooseSolver(slow, { ...alone, relative: 1e-12 }), "ndf");
  const algebraic = { ...system({ x: "-x", y: "x - y" }), algebraic: [false, true] };
  assert.equal(await chooseSolver(algebraic, alone), "rodas5p");
});

test("a system with switches, powers or the time is not linear", () => {
  assert.ok(isLinear(linear));
  assert.ok(isLinear(system({ x: "-x*if(k > 1, 2, k^3)" }, ["k"])));
  for (const rate of ["-x*x", "if(x > 1, 2, 5)", "-t*x", "1/x", "floor(x)"]) {
    assert.ok(!isLinear(system({ x: rate })), rate);
  }
});

test("all solvers agree on a linear system with a stop", async () => {
  const end = async (name: (typeof SOLVERS)[number]) => {
    const solver = await createSolver(name, linear, { relative: 1e-9, absolute: 1e-12 });
    solver.reset({ time: 0, state: at.state, parameters: at.parameters });
    const seen: number[] = [];
    integrate(solver, {
      until: 10,
      outputTimes: [0.5, 5, 7.25],
      onOutput: (_index, _time, state) => seen.push(...state),
      stops: [
        {
          time: 5,
          apply: (state) => {
            state[0] = 9;
            return [0.3, 0];
          },
        },
      ],
    });
    return [...seen, ...solver.state()];
  };
  const exact = await end("exact");
  // x between 0 and 5 is 1.5 - exp(-2 t) / 2.
  assert.ok(Math.abs(exact[0]! - (1.5 - Math.exp(-1) / 2)) < 1e-13);
  for (const name of SOLVERS) {
    for (const [i, value] of (await end(name)).entries()) {
      assert.ok(Math.abs(value - exact[i]!) < 1e-6 * Math.abs(exact[i]!), `${name}, ${i}: ${value}`);
    }
  }
});

test("exact propagation refuses what is not linear", async () => {
  await assert.rejects(ExactLinear.create(system({ x: "-x*x" })), { code: "input.not-linear" });
});
