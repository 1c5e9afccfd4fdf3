import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { PopulationProblem } from "./population-problem.js";
import type { ProblemOptions } from "./problem.js";
import { drawnData, problemOf } from "./testing.js";

const ROWS = (rows: readonly string[], subjects = 3) =>
  Array.from({ length: subjects }, (_, i) => rows.map((row) => `${i + 1},${row}`)).flat();

/** The gradient of the objective against central differences of it. */
async function checkGradient(model: string, design: string, options: ProblemOptions = {}, relative = 2e-4) {
  const text = await drawnData(model, design, 5);
  const problem = await problemOf(model, text, options);
  const population = new PopulationProblem(problem.space, problem.subjects);
  population.tolerance = 1e-13;
  // Not at the values that the data come from.
  const free = problem.space.start.map((value, k) => value + 0.1 * Math.sin(k + 1));
  await population.value(free);
  const gradient = await population.gradient(free);
  const size = Math.max(...gradient.map(Math.abs));
  for (let k = 0; k < free.length; k++) {
    const h = 2e-4;
    const at = async (by: number) => population.value(free.map((value, i) => (i === k ? value + by : value)));
    const name = `${problem.space.freeNames[k]} of ${free.length}`;
    assertClose(
      gradient[k]!,
      ((await at(h)) - (await at(-h))) / (2 * h),
      { relative, absolute: relative * 0.1 * size },
      name,
    );
  }
  return problem;
}

const ORAL = `
  covariate WT [kg]
  parameter tvCL = 3 > 0
  parameter power = 0.75
  parameter tvV = 30 > 0
  parameter ka = 1.2 > 0
  parameter share = 0.6 > 0 < 1
  random etaCL, etaV ~ 0.09; 0.02, 0.04
  CL = tvCL * (WT / 70) ^ power * exp(etaCL)
  V = tvV * exp(etaV)
  F(depot) = share
  d/dt(depot) = -ka * depot
  d/dt(central) = ka * depot - CL / V * central
  output Cp = central / V
`;
const ORAL_ROWS = ["0,100,1,.", "0.5,.,0,1", "2,.,0,1", "6,.,0,1", "14,.,0,1"];
const withWeights = (rows: readonly string[]) =>
  ["ID,TIME,AMT,EVID,DV,WT", ...ROWS(rows).map((row) => `${row},${50 + 15 * Number(row[0])}`)].join("\n");

test("correlated effects, covariates, bounds on both sides, combined error", async () => {
  await checkGradient(`${ORAL}\nerror Cp = additive 0.1 + proportional 0.15`, withWeights(ORAL_ROWS));
});

test("an exponential error", async () => {
  await checkGradient(`${ORAL}\nerror Cp = exponential 0.2`, withWeights(ORAL_ROWS));
});

test("values below a limit count by their probability", async () => {
  const problem = await checkGradient(
    `${ORAL}\nerror Cp = additive 0.1 + proportional 0.15`,
    withWeights(ORAL_ROWS),
    { quantificationLimit: 0.9 },
  );
  assertClose(problem.censored, 6, { absolute: 5 });
});

test("weights that change within a subject, and effects of occasions", async () => {
  const model = `${ORAL.replace("random", "occasion kappa ~ 0.03\nrandom").replace("exp(etaCL)", "exp(etaCL + kappa)")}
    error Cp = proportional 0.15`;
  const rows = ["0,100,1,.", "1,.,0,1", "8,.,0,1", "24,100,1,.", "25,.,0,1", "33,.,0,1"];
  const lines = ROWS(rows).map((row, i) => `${row},${60 + 3 * i},${Number(row.split(",")[1]) < 24 ? 1 : 2}`);
  await checkGradient(model, ["ID,TIME,AMT,EVID,DV,WT,OCC", ...lines].join("\n"));
});

test("a nonlinear model with sensitivities, and a lag by differences", async () => {
  const model = `
    parameter tvVm = 8 > 0
    parameter Km = 3 > 0
    parameter tvV = 30 > 0
    parameter ka = 1 > 0
    parameter lagtime = 0.3 > 0
    random etaVm ~ 0.05
    random etaV ~ 0.05
    Vm = tvVm * exp(etaVm)
    V = tvV * exp(etaV)
    C = central / V
    lag(depot) = lagtime
    d/dt(depot) = -ka * depot
    d/dt(central) = ka * depot - Vm * C / (Km + C)
    output C
    error C = proportional 0.1
  `;
  await checkGradient(
    model,
    ["ID,TIME,AMT,EVID,DV", ...ROWS(["0,200,1,.", "1,.,0,1", "4,.,0,1", "12,.,0,1", "20,.,0,1"], 2)].join(
      "\n",
    ),
    {},
    3e-3,
  );
});
