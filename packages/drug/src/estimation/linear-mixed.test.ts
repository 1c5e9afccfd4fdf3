import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { cholesky, logDeterminant, solveCholesky } from "@viscera/numerics";
import { fitPopulation, fitSubjects } from "./fit-population.js";
import { PopulationProblem } from "./population-problem.js";
import { drawnData, problemOf } from "./testing.js";

/** Straight lines with random intercepts and slopes: the first-order approximation is exact. */
const LINES = `
  parameter A = 10
  parameter B = -0.5
  random eA, eB ~ 4; 0.3, 0.09
  a = A + eA
  b = B + eB
  d/dt(nothing) = 0
  output y = a + b * t
  error y = additive 0.7
`;

const design = (subjects: number, times: readonly number[]) =>
  [
    "ID,TIME,DV",
    ...Array.from({ length: subjects }, (_, i) => times.map((t) => `${i + 1},${t + 0.1 * (i % 3)},1`)).flat(),
  ].join("\n");

function marginal(text: string, a: number, b: number, omega: readonly number[], sigma: number): number {
  const subjects = new Map<string, { t: number; y: number }[]>();
  for (const line of text.split("\n").slice(1)) {
    const [id = "", t, y] = line.split(",");
    subjects.set(id, [...(subjects.get(id) ?? []), { t: Number(t), y: Number(y) }]);
  }
  let sum = 0;
  const [oaa = 0, oab = 0, obb = 0] = omega;
  for (const points of subjects.values()) {
    const n = points.length;
    const c = Float64Array.from({ length: n * n }, (_, k) => {
      const [i, j] = [Math.floor(k / n), k % n];
      const [ti, tj] = [points[i]!.t, points[j]!.t];
      return oaa + oab * (ti + tj) + obb * ti * tj + (i === j ? sigma ** 2 : 0);
    });
    const factor = cholesky(c, n)!;
    const r = Float64Array.from(points, ({ t, y }) => y - a - b * t);
    const solved = solveCholesky(factor, r, n);
    sum += logDeterminant(factor, n) + r.reduce((total, value, i) => total + value * solved[i]!, 0);
  }
  return sum;
}

test("the objective of a linear mixed model is its marginal likelihood, at the start and at the estimates", async () => {
  const text = await drawnData(LINES, design(25, [0, 1, 2, 5, 9]), 7);
  const problem = await problemOf(LINES, text);
  const { space } = problem;
  const population = new PopulationProblem(space, problem.subjects);
  assertClose(await population.value(space.start), marginal(text, 10, -0.5, [4, 0.3, 0.09], 0.7), {
    relative: 1e-9,
  });
  const fit = await fitPopulation(problem);
  assert.ok(fit.converged);
  assert.deepEqual(fit.warnings, []);
  const [a, b, oaa, oab, obb, sigma] = fit.estimates.map(({ value }) => value) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = (changes: readonly number[]) =>
    marginal(
      text,
      a + changes[0]!,
      b + changes[1]!,
      [oaa + changes[2]!, oab + changes[3]!, obb + changes[4]!],
      sigma + changes[5]!,
    );
  const best = at([0, 0, 0, 0, 0, 0]);
  assertClose(fit.objective, best, { relative: 1e-9 });
  assertClose(fit.minusTwoLogLikelihood, best + 125 * Math.log(2 * Math.PI), { relative: 1e-9 });
  // Nothing beside the estimates is better, and the curvature gives the standard errors of the fixed effects.
  for (const [k, { standardError }] of fit.estimates.entries()) {
    const change = (by: number) => at([0, 0, 0, 0, 0, 0].map((_, i) => (i === k ? by : 0)));
    const h = 0.1 * standardError!;
    assert.ok(change(h) > best && change(-h) > best);
    assertClose((change(h) - change(-h)) / (2 * h), 0, { absolute: 0.02 / standardError! });
  }
});

test("one-way random effects, balanced: estimates and the mean's standard error have closed forms", async () => {
  const model = `
    parameter M = 5
    random e ~ 1
    d/dt(nothing) = 0
    m = M + e
    output y = m
    error y = additive 1
  `;
  const [subjects, each] = [30, 4];
  const text = await drawnData(model, design(subjects, [0, 1, 2, 3]), 3);
  const values = text
    .split("\n")
    .slice(1)
    .map((line) => Number(line.split(",")[2]));
  const means = Array.from(
    { length: subjects },
    (_, i) => values.slice(each * i, each * (i + 1)).reduce((s, v) => s + v) / each,
  );
  const mean = means.reduce((s, v) => s + v) / subjects;
  const within = values.reduce((s, v, k) => s + (v - means[Math.floor(k / each)]!) ** 2, 0);
  const variance = within / (subjects * (each - 1));
  const between = means.reduce((s, v) => s + (v - mean) ** 2, 0) / subjects;
  const fit = await fitPopulation(await problemOf(model, text));
  const [m, tau, sigma] = fit.estimates;
  assertClose(m!.value, mean, { relative: 1e-7 });
  assertClose(tau!.value, between - variance / each, { relative: 1e-5 });
  assertClose(sigma!.value, Math.sqrt(variance), { relative: 1e-5 });
  assertClose(m!.standardError!, Math.sqrt(between / subjects), { relative: 1e-3 });
  // Gradients of the subjects know the same mean without the model's curvature.
  assertClose(m!.robustStandardError!, m!.standardError!, { relative: 1e-3 });
});

test("most probable effects of a linear model are the posterior means, with their deviations", async () => {
  const text = await drawnData(LINES, design(3, [0, 2, 4]), 11);
  const problem = await problemOf(LINES, text);
  const results = await fitSubjects(problem);
  for (const [i, { effects }] of results.entries()) {
    const points = text
      .split("\n")
      .slice(1 + 3 * i, 4 + 3 * i)
      .map((line) => line.split(",").map(Number));
    // (X'X / s2 + O^-1) b = X' r / s2.
    const s2 = 0.49;
    const determinant = 4 * 0.09 - 0.09;
    const m = [0.09 / determinant, -0.3 / determinant, 4 / determinant];
    const right = [0, 0];
    for (const [, t = 0, y = 0] of points) {
      m[0]! += 1 / s2;
      m[1]! += t / s2;
      m[2]! += (t * t) / s2;
      right[0]! += (y - 10 + 0.5 * t) / s2;
      right[1]! += (t * (y - 10 + 0.5 * t)) / s2;
    }
    const d = m[0]! * m[2]! - m[1]! ** 2;
    assertClose(effects[0]!, (m[2]! * right[0]! - m[1]! * right[1]!) / d, { relative: 1e-6 });
    assertClose(effects[1]!, (m[0]! * right[1]! - m[1]! * right[0]!) / d, { relative: 1e-6, absolute: 1e-9 });
    const spread = problem.subjects[i]!.spread(results[i]!);
    assertClose(spread[0]!, Math.sqrt(m[2]! / d), { relative: 1e-6 });
  }
});
