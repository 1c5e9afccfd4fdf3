import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFormula } from "../expression/index.js";
import { compileImplicit } from "./compile-implicit.js";
import { type AlphaOptions, alphaWeights, GeneralisedAlpha } from "./generalised-alpha.js";
import type { ImplicitSystem } from "./implicit-system.js";
import { planLevelledLu } from "./levelled-lu.js";
import { pivotedAlphaStep } from "./pivoted-alpha-step.js";

const formulas = (...texts: string[]) => texts.map((text) => parseFormula(text));

function systemOf(
  unknowns: string[],
  residuals: string[],
  rest: Partial<ImplicitSystem> = {},
): ImplicitSystem {
  return {
    unknowns,
    rateOf: (name) => `d${name}`,
    parameters: [],
    inputs: [],
    residuals: formulas(...residuals),
    ...rest,
  };
}

async function solverOf(
  system: ImplicitSystem,
  values: number[],
  options: Partial<AlphaOptions> & { step: number },
): Promise<GeneralisedAlpha> {
  const settings = { inputsAt: () => {}, parameters: [], absolute: 1e-12, ...options };
  const start = { values, rates: values.map(() => 0) };
  const solver = new GeneralisedAlpha(
    await compileImplicit(system, GeneralisedAlpha.sample(system, settings, start)),
    settings,
  );
  solver.values.set(values);
  return solver;
}

/** A swinging, damped circuit: L q'' + R q' + q/C = 0 as two equations. */
const circuit = systemOf(["q", "i"], ["dq - i", "L*di + R*i + q/C"], { parameters: ["L", "R", "C"] });

test("the method converges with order 2", async () => {
  const [L, R, C] = [0.5, 0.4, 0.3];
  const omega = Math.sqrt(1 / (L * C) - (R / (2 * L)) ** 2);
  const exact =
    Math.exp((-R / (2 * L)) * 2) * (Math.cos(omega * 2) + (R / (2 * L * omega)) * Math.sin(omega * 2));
  const errors: number[] = [];
  for (const steps of [200, 400, 800]) {
    const solver = await solverOf(circuit, [1, 0], { step: 2 / steps, parameters: [L, R, C] });
    // Rates that fit the state: a wrong start would cost an order.
    solver.rates.set([0, -1 / (L * C)]);
    for (let k = 0; k < steps; k++) solver.advance((2 * k) / steps);
    errors.push(Math.abs(solver.values[0]! - exact));
  }
  assert.ok(errors[2]! < 1e-5, `${errors}`);
  for (const k of [0, 1]) {
    const order = Math.log2(errors[k]! / errors[k + 1]!);
    assert.ok(Math.abs(order - 2) < 0.1, `order ${order}`);
  }
});

test("weights are those of Jansen et al.: the midpoint rule without damping", () => {
  assert.deepEqual(alphaWeights(1), { alphaM: 0.5, alphaF: 0.5, gamma: 0.5 });
  const { alphaM, alphaF, gamma } = alphaWeights(0.5);
  assert.ok(Math.abs(gamma - (0.5 + alphaM - alphaF)) < 1e-15 && Math.abs(alphaM - 5 / 6) < 1e-15);
});

/** Constant, timed and solved parts, an algebraic equation, a stiff exponential and a valve that resets. */
const mixed = systemOf(
  ["p", "q", "v", "s", "w"],
  [
    "k*dp + p*a - q + 0.1*exp(0.3*p)",
    "dq*0.7 + q*abs(q)*0.2 + p - v - u",
    "v - s*b*u",
    "ds + s - if(q <= 0 and p < v, 0, q) + 0.5*w",
    "a*w + b*s - 0.3*p + sin(u)",
  ],
  {
    parameters: ["a", "b", "k"],
    inputs: ["u"],
    resets: [{ unknown: "q", condition: formulas("q <= 0 and p < v")[0]! }],
  },
);

test("the compiled step does what the plain one does", async () => {
  const inputsAt = (time: number, inputs: Float64Array) => {
    inputs[0] = 2 * Math.cos(3 * time);
  };
  const step = 0.02;
  const parameters = [1.5, 0.8, 0.6];
  const options = { step, parameters, inputsAt, absolute: 1e-10, iterations: 30, rhoInfinity: 0.4 };
  const solver = await solverOf(mixed, [0.1, 0.3, 0, 0.2, 0], options);
  const compiled = await compileImplicit(
    mixed,
    GeneralisedAlpha.sample(mixed, options, { values: [0.1, 0.3, 0, 0.2, 0], rates: [0, 0, 0, 0, 0] }),
  );
  const weights = alphaWeights(0.4);
  let values: Float64Array = solver.values.slice();
  let rates: Float64Array = solver.rates.slice();
  let largest = 0;
  for (let k = 0; k < 400; k++) {
    solver.advance(k * step);
    const inputs = new Float64Array(1);
    inputsAt(k * step + weights.alphaF * step, inputs);
    const plain = pivotedAlphaStep(compiled, {
      ...options,
      weights,
      parameters: Float64Array.from(parameters),
      inputs,
      values,
      rates,
    });
    assert.equal(plain.failure, null);
    ({ values, rates } = plain);
    for (const [i, value] of values.entries()) {
      largest = Math.max(
        largest,
        Math.abs(value - solver.values[i]!),
        Math.abs(rates[i]! - solver.rates[i]!),
      );
    }
  }
  assert.ok(largest < 1e-8, `differs by ${largest}`);
  assert.ok(solver.statistics.pivoted < 10);
});

test("pivots that turn out to be 0 are chosen anew", async () => {
  // At the start the first equation's own coefficient is by far the largest; later it is 0.
  const system = systemOf(["x", "y"], ["u*x + y - 1", "x - y + dy*0.01 - 2"], { inputs: ["u"] });
  const inputsAt = (time: number, inputs: Float64Array) => {
    inputs[0] = time < 0.5 ? 1e6 : 0;
  };
  const solver = await solverOf(system, [0, 0], { step: 0.1, inputsAt, rhoInfinity: 0 });
  for (let k = 0; k < 60; k++) solver.advance(0.1 * k);
  assert.ok(
    Math.abs(solver.values[1]! - 1) < 1e-6 && Math.abs(solver.values[0]! - 3) < 1e-6,
    `${solver.values}`,
  );
});

test("an unknown that no equation determines is named", async () => {
  const system = systemOf(["x", "lost"], ["x - 1", "2*x - 2 + 0*lost"]);
  await assert.rejects(solverOf(system, [0, 0], { step: 0.1 }), {
    code: "input.singular-system",
    message: /lost/,
  });
});

test("a failing step tells the equation and the time", async () => {
  const names = ["the balance of J0"];
  const impossible = systemOf(["x"], ["x*x + 1 + 0.001*dx"], { names });
  const solver = await solverOf(impossible, [0.3], { step: 0.1, iterations: 12 });
  assert.throws(() => solver.advance(2), { code: "failed.newton", message: /time 2: the balance of J0/ });
  const infinite = systemOf(["x"], ["dx - exp(x)*1e300"], { names });
  const other = await solverOf(infinite, [700], { step: 0.1 });
  assert.throws(() => other.advance(0), { code: "failed.not-finite", message: /the balance of J0/ });
});

test("factors of a random sparse matrix are planned so that what is constant is eliminated once", () => {
  const size = 40;
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const given = Array.from({ length: size }, (_, row) => row).flatMap((row) => [
    { row, column: (row * 7) % size, level: 0 as const, value: 1 + random() },
    {
      row,
      column: Math.floor(random() * size),
      level: row === 3 ? (2 as const) : (0 as const),
      value: random(),
    },
  ]);
  const unique = [...new Map(given.map((entry) => [`${entry.row},${entry.column}`, entry])).values()];
  const plan = planLevelledLu(size, unique);
  assert.ok("steps" in plan);
  // L U = A: multiply the factors of the plan, found in its own order.
  const value: number[] = [];
  for (const { pivot, right, below } of plan.steps) {
    const gathered = (place: number) => {
      const { given: from, products } = plan.entries[place]!;
      return products.reduce(
        (sum, [l, u]) => sum - value[l]! * value[u]!,
        from < 0 ? 0 : unique[from]!.value,
      );
    };
    for (const place of [pivot, ...right]) value[place] = gathered(place);
    for (const place of below) value[place] = gathered(place) / value[pivot]!;
  }
  const product = new Float64Array(size * size);
  for (const { row, column, pivot, right, below } of plan.steps) {
    const upper = [
      { column, place: pivot },
      ...right.map((place) => ({ column: plan.entries[place]!.column, place })),
    ];
    for (const u of upper) {
      product[row * size + u.column]! += value[u.place]!;
      for (const place of below)
        product[plan.entries[place]!.row * size + u.column]! += value[place]! * value[u.place]!;
    }
  }
  for (const { row, column, value: wanted } of unique) product[row * size + column]! -= wanted;
  assert.ok(product.every((rest) => Math.abs(rest) < 1e-10));
});
