import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { number, parseFormula, symbol } from "../expression/index.js";
import { type DistributionName, drawFrom } from "./distributions.js";
import { JumpProcess } from "./jump-process.js";
import { lowerGamma, normalCdf, normalQuantile, upperGamma } from "./special-functions.js";
import { StratifiedUniforms } from "./stratified.js";

test("special functions meet known values", () => {
  // Abramowitz & Stegun, tables 26.1 and 6.5.
  assert.ok(Math.abs(normalCdf(1.96) - 0.9750021048517795) < 1e-14);
  assert.ok(Math.abs(normalCdf(-6) / 9.865876450376981e-10 - 1) < 1e-11);
  assert.ok(Math.abs(lowerGamma(1, 2) - (1 - Math.exp(-2))) < 1e-14);
  assert.ok(Math.abs(upperGamma(3, 2) - 5 * Math.exp(-2)) < 1e-14);
  for (const p of [1e-12, 0.001, 0.3, 0.5, 0.9, 1 - 1e-9]) {
    assert.ok(Math.abs(normalCdf(normalQuantile(p)) - p) < 1e-12 * Math.max(p, 1e-3), `${p}`);
  }
});

test("means and variances of distributions", () => {
  const cases: [DistributionName, number[], number, number][] = [
    ["uniform", [2, 5], 3.5, 0.75],
    ["normal", [1, 2], 1, 4],
    ["exponential", [4], 0.25, 1 / 16],
    ["gamma", [2.5, 3], 7.5, 22.5],
    ["gamma", [0.4, 1], 0.4, 0.4],
    ["chisquare", [5], 5, 10],
    ["poisson", [3.7], 3.7, 3.7],
    ["poisson", [400], 400, 400],
    ["bernoulli", [0.2], 0.2, 0.16],
    ["binomial", [40, 0.3], 12, 8.4],
    ["laplace", [1, 2], 1, 8],
    ["rayleigh", [2], 2 * Math.sqrt(Math.PI / 2), 4 * (2 - Math.PI / 2)],
    // The limits of a Cauchy distribution give it moments: symmetric, mean 0.
    ["cauchy", [0, 1, -1, 1], 0, 4 / Math.PI - 1],
    ["exponential", [1, 2, 1e6], 3, 1],
  ];
  const n = 20_000;
  for (const [name, values, mean, variance] of cases) {
    let sum = 0;
    let square = 0;
    for (let i = 0; i < n; i++) {
      const x = drawFrom(name, values, (i + 0.5) / n);
      sum += x;
      square += x * x;
    }
    const found = sum / n;
    const spread = square / n - found * found;
    const label = `${name}(${values.join()})`;
    assert.ok(Math.abs(found - mean) < 0.002 * Math.sqrt(variance) + 1e-12, `${label}: mean ${found}`);
    assert.ok(Math.abs(spread - variance) < 0.01 * variance, `${label}: variance ${spread}`);
  }
  const limited = Array.from({ length: 200 }, (_, i) => drawFrom("poisson", [1.5, 2, 4], (i + 0.5) / 200));
  assert.deepEqual([...new Set(limited)], [2, 3, 4]);
  assert.throws(() => drawFrom("normal", [0, -1], 0.5), { code: "input.distribution" });
  assert.throws(() => drawFrom("uniform", [2, 1], 0.5), { code: "input.distribution" });
  assert.throws(() => drawFrom("poisson", [1, 2.2, 2.8], 0.5), { code: "input.distribution" });
});

test("every share of stratified numbers is used once in every draw, in another order", () => {
  const n = 1000;
  const strata = new StratifiedUniforms(5, "test", n);
  const orders = [0, 1].map((draw) =>
    Array.from({ length: n }, (_, replicate) => Math.floor(n * strata.uniform(draw, replicate))),
  );
  for (const order of orders) assert.equal(new Set(order).size, n);
  assert.notDeepEqual(orders[0], orders[1]);
});

async function birthAndDeath(events: Parameters<typeof JumpProcess.create>[0]["events"] = []) {
  return JumpProcess.create({
    variables: ["n", "birth", "death"],
    time: "t",
    definitions: new Map(),
    reactions: [
      { propensity: parseFormula("birth"), changes: [{ target: "n", by: number(1) }] },
      { propensity: parseFormula("death*n"), changes: [{ target: "n", by: number(-1) }] },
    ],
    events,
    draws: [],
    outputs: [symbol("n")],
  });
}

function moments(process: JumpProcess, times: number[], replicates: number) {
  const stream = new RandomStream(1, "test");
  const sums = times.map(() => [0, 0]);
  for (let replicate = 0; replicate < replicates; replicate++) {
    let step = 0;
    process.run({
      from: 0,
      until: times.at(-1)!,
      start: [0, 20, 2],
      outputTimes: times,
      onOutput: (index, [n]) => {
        sums[index]![0]! += n!;
        sums[index]![1]! += n! * n!;
      },
      uniform: () => stream.uniform(step++, replicate),
      drawUniform: () => 0.5,
    });
  }
  return sums.map(([sum, square]) => {
    const mean = sum! / replicates;
    return { mean, variance: square! / replicates - mean * mean };
  });
}

test("immigration and death is Poisson at all times", async () => {
  const process = await birthAndDeath();
  const times = [0, 0.3, 1, 4];
  const replicates = 4000;
  for (const [i, { mean, variance }] of moments(process, times, replicates).entries()) {
    const expected = 10 * (1 - Math.exp(-2 * times[i]!));
    assert.ok(Math.abs(mean - expected) <= 4 * Math.sqrt(expected / replicates), `mean ${mean}`);
    const spread = expected * Math.sqrt(2 / replicates) * 1.1;
    assert.ok(Math.abs(variance - expected) <= 4 * spread, `variance ${variance}`);
  }
});

test("events by the clock and by the number of particles break a course", async () => {
  const byClock = await birthAndDeath([
    { trigger: parseFormula("t > 2"), assignments: [{ target: "n", value: number(100) }] },
  ]);
  const [at, after] = moments(byClock, [2, 2 + 1e-9], 50);
  assert.ok(at!.mean < 20);
  assert.equal(after!.mean, 100);
  const byNumber = await birthAndDeath([
    { trigger: parseFormula("n >= 5"), assignments: [{ target: "n", value: number(0) }] },
  ]);
  let most = 0;
  let step = 0;
  const stream = new RandomStream(2, "test");
  byNumber.run({
    from: 0,
    until: 20,
    start: [0, 20, 2],
    outputTimes: Array.from({ length: 2001 }, (_, i) => i / 100),
    onOutput: (_index, [n]) => {
      most = Math.max(most, n!);
    },
    uniform: () => stream.uniform(step++, 0),
    drawUniform: () => 0.5,
  });
  assert.equal(most, 4);
});

test("variables on straight lines reach their triggers exactly, again and again", async () => {
  const process = await JumpProcess.create({
    variables: ["clock", "count"],
    time: "t",
    slopes: new Map([["clock", number(1)]]),
    definitions: new Map(),
    reactions: [],
    events: [
      {
        trigger: parseFormula("clock >= 0.5"),
        assignments: [
          { target: "clock", value: number(-0.5) },
          { target: "count", value: parseFormula("count + 1") },
        ],
      },
    ],
    draws: [],
    outputs: [symbol("count"), symbol("clock")],
  });
  const seen: number[] = [];
  process.run({
    from: 0,
    until: 50,
    start: [0, 0],
    outputTimes: [1, 25.25, 50],
    onOutput: (_index, values) => seen.push(...values),
    uniform: () => 0.5,
    drawUniform: () => 0.5,
  });
  for (const [i, want] of [1, 0, 25, 0.25, 50, 0].entries())
    assert.ok(Math.abs(seen[i]! - want) < 1e-9, `${i}: ${seen[i]}`);
});

test("rates that change between jumps, and negative ones, are refused", async () => {
  const wrong = (propensity: string) =>
    JumpProcess.create({
      variables: ["n"],
      time: "t",
      definitions: new Map(),
      reactions: [{ propensity: parseFormula(propensity), changes: [{ target: "n", by: number(1) }] }],
      events: [],
      draws: [],
      outputs: [],
    });
  await assert.rejects(wrong("t*n"), { code: "input.jump-process" });
  const process = await wrong("-n");
  const run = () =>
    process.run({
      from: 0,
      until: 1,
      start: [1],
      outputTimes: [],
      onOutput: () => undefined,
      uniform: () => 0.5,
      drawUniform: () => 0.5,
    });
  assert.throws(run, { code: "failed.propensity" });
});
