import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { readDataSet } from "../pharmacology/data-set.js";
import { libraryModelText } from "../pharmacology/library/index.js";
import { readModelText } from "../pharmacology/model-text.js";
import { withoutRandomEffects, withRandomEffects, withResidualError } from "./add-variability.js";
import { fitPopulation, fitSubjects } from "./fit-population.js";
import { npdeOf } from "./npde.js";
import { dataColumnsOf, estimationProblem } from "./problem.js";
import { residualsOf } from "./residuals.js";
import { simulateObservations } from "./simulate-observations.js";
import { drawnData, problemOf } from "./testing.js";
import { visualPredictiveCheck } from "./vpc.js";

const MODEL = `
  parameter tvCL = 4 > 0
  parameter tvV = 70 > 0
  random etaCL ~ 0.09
  random etaV ~ 0.04
  CL = tvCL * exp(etaCL)
  V = tvV * exp(etaV)
  d/dt(central) = -CL / V * central
  output Cp = central / V
  error Cp = proportional 0.15
`;
const TIMES = [0.5, 2, 6, 12, 24, 36];
const DESIGN = [
  "ID,TIME,AMT,EVID,DV",
  ...Array.from({ length: 40 }, (_, i) => [
    `${i + 1},0,1000,1,.`,
    ...TIMES.map((t) => `${i + 1},${t},.,0,1`),
  ]).flat(),
].join("\n");

const theophylline = async (path: string, error: "additive" | "both") => {
  let model = withRandomEffects(readModelText(libraryModelText("pk1-oral")), { ka: 0.4, CL: 0.1, V: 0.1 });
  model = withResidualError(model, null, [
    { kind: "additive", value: 0.6, fixed: false },
    ...(error === "both" ? [{ kind: "proportional", value: 0.1, fixed: false } as const] : []),
  ]);
  const options = { settings: { ka: 1, CL: 2, V: 25 } };
  const data = readDataSet(readFileSync(path, "utf8"), { covariates: dataColumnsOf(model, options) });
  return estimationProblem(model, data, options);
};

testWithShared(
  "theophylline: nlmixr's objective, and ka, CL, V of both errors near the published ones",
  ["cases/drug/pk-data/theo_sd.csv"] as const,
  async ([path]) => {
    const additive = await fitPopulation(await theophylline(path, "additive"), { uncertainty: false });
    assertClose(additive.objective, 116.8035, { absolute: 1e-3 });
    assertClose(additive.aic, 373.4035, { absolute: 1e-2 });
    const both = await fitPopulation(await theophylline(path, "both"));
    for (const fit of [additive, both]) {
      for (const [name, value] of Object.entries({ ka: 1.5, CL: 2.8, V: 32 })) {
        assertClose(fit.estimates.find((row) => row.name === name)!.value, value, { relative: 0.1 }, name);
      }
    }
    assert.ok(both.estimates.every(({ standardError }) => standardError! > 0));
    assert.ok(both.uncertainty!.conditionNumber < 100);
  },
);

test("a fit finds what the data were drawn with; a bad start leads to the same place", async () => {
  const text = await drawnData(MODEL, DESIGN, 17);
  const problem = await problemOf(MODEL, text);
  const fit = await fitPopulation(problem);
  assert.ok(fit.converged);
  const truth = [4, 70, 0.09, 0.04, 0.15];
  for (const [k, { name, low, high }] of fit.estimates.entries()) {
    assert.ok(low! < truth[k]! && truth[k]! < high!, `${name}: ${low} to ${high}`);
  }
  for (const { percent } of fit.shrinkage) assert.ok(percent > -10 && percent < 40);
  const far = await fitPopulation(await problemOf(MODEL, text, { settings: { tvCL: 40, tvV: 10 } }), {
    uncertainty: false,
  });
  assertClose(far.objective, fit.objective, { absolute: 1e-3 });
  const again = await fitPopulation(await problemOf(MODEL, text));
  assert.deepEqual(again.estimates, fit.estimates);
  // Under the right model residuals are standard normal, and the data lie where the draws do.
  const rows = residualsOf(problem, fit.values, fit.individuals);
  const weighted = rows.map(({ conditionalWeighted }) => conditionalWeighted!);
  const mean = weighted.reduce((sum, value) => sum + value, 0) / weighted.length;
  const variance = weighted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / weighted.length;
  assertClose(mean, 0, { absolute: 0.15 });
  assertClose(variance, 1, { absolute: 0.2 });
  const drawn = await simulateObservations(problem, fit.values, { replicates: 200, seed: 2 });
  const npde = npdeOf(problem, drawn)!;
  assertClose(npde.mean, 0, { absolute: 0.15 });
  assertClose(npde.variance, 1, { absolute: 0.25 });
  assert.ok(npde.p.together > 0.01);
  const bins = visualPredictiveCheck(problem, rows, drawn, { bins: 6 });
  assert.deepEqual(
    bins.map(({ time }) => time),
    TIMES,
  );
  const inside = bins
    .flatMap(({ levels }) => levels)
    .filter(({ observed, low, high }) => low <= observed && observed <= high);
  assert.ok(inside.length >= 15, `${inside.length} of 18 percentiles within their bands`);
});

test("a wrong model is seen: NPDE and the check fail", async () => {
  const text = await drawnData(MODEL, DESIGN, 17);
  const problem = await problemOf(MODEL.replace("tvCL = 4", "tvCL = 8"), text);
  const values = problem.space.values(problem.space.start)!;
  const individuals = await fitSubjects(problem);
  const drawn = await simulateObservations(problem, values, { replicates: 200, seed: 2 });
  assert.ok(npdeOf(problem, drawn)!.p.together < 1e-4);
  const rows = residualsOf(problem, values, individuals);
  const bins = visualPredictiveCheck(problem, rows, drawn, { bins: 6 });
  const outside = bins.filter(({ levels }) => levels[1]!.observed > levels[1]!.high);
  assert.ok(outside.length >= 3);
});

test("values below the limit: leaving them out biases, their probability does not", async () => {
  const text = await drawnData(MODEL, DESIGN, 23);
  const limited = async (belowLimit: "m1" | "m3") =>
    await fitPopulation(await problemOf(MODEL, text, { quantificationLimit: 3, belowLimit }), {
      uncertainty: false,
    });
  const full = await fitPopulation(await problemOf(MODEL, text), { uncertainty: false });
  const [m1, m3] = [await limited("m1"), await limited("m3")];
  const cl = (fit: typeof full) => fit.estimates[0]!.value;
  assert.ok(Math.abs(cl(m3) - cl(full)) < Math.abs(cl(m1) - cl(full)));
  assertClose(cl(m3), cl(full), { relative: 0.05 });
});

test("without variability the fit is maximum likelihood; a fixed parameter stays", async () => {
  const text = await drawnData(MODEL.replace("0.09", "1e-8").replace("0.04", "1e-8"), DESIGN, 4);
  const model = withoutRandomEffects(readModelText(MODEL));
  const options = { fix: ["tvV"] };
  const data = readDataSet(text, { covariates: dataColumnsOf(model, options) });
  const fit = await fitPopulation(await estimationProblem(model, data, options));
  assert.deepEqual(
    fit.estimates.map(({ name }) => name),
    ["tvCL", "proportional(Cp)"],
  );
  assertClose(fit.estimates[0]!.value, 4, { relative: 0.03 });
  assertClose(fit.estimates[1]!.value, 0.15, { relative: 0.1 });
});

test("what the data cannot tell is told in a sentence", async () => {
  const text = await drawnData(MODEL, DESIGN, 17);
  const doubled = MODEL.replace("CL = tvCL", "parameter factor = 1 > 0\n  CL = factor * tvCL");
  const fit = await fitPopulation(await problemOf(doubled, text), { mostIterations: 60 });
  assert.ok(
    fit.warnings.some((text_) => /cannot tell .*(tvCL.*factor|factor.*tvCL).* apart/.test(text_)),
    fit.warnings.join(" "),
  );
  assert.equal(fit.estimates[0]!.standardError, null);
  const unused = await problemOf(MODEL.replace("random etaCL", "parameter spare = 1\n  random etaCL"), text);
  assert.match(unused.warnings[0]!, /No observation depends on spare; it is kept/);
  const superfluous = MODEL.replace(
    "CL = tvCL * exp(etaCL)",
    "random etaW ~ 0.01\n  CL = tvCL * exp(etaCL + 0 * etaW)",
  );
  const idle = await fitPopulation(await problemOf(superfluous, text));
  assert.ok(
    idle.warnings.some((warning) => /tell nothing of var\(etaW\)/.test(warning)),
    idle.warnings.join(" "),
  );
  assert.ok(idle.estimates[0]!.standardError! > 0);
});

test("data and names that do not fit are refused", async () => {
  const text = await drawnData(MODEL, DESIGN, 17);
  const refused = (model: string, data: string, message: RegExp, options = {}) =>
    assert.rejects(problemOf(model, data, options), { message });
  await refused(MODEL, "ID,TIME,AMT,EVID,DV\n1,0,100,1,.\n1,1,.,0,.", /holds no observation to fit/);
  await refused(
    MODEL.replace("proportional", "exponential"),
    `${DESIGN.replace("1,0.5,.,0,1", "1,0.5,.,0,-1")}`,
    /DV is -1, but an exponential error/,
  );
  await refused(MODEL, text, /no parameter "Q"/, { fix: ["Q"] });
  await refused(MODEL, text, /no parameter "Q"/, { settings: { Q: 1 } });
  await refused(MODEL, text, /starts at -1, but has to be above 0/, { settings: { tvCL: -1 } });
  await refused(MODEL.replace(/error.*/, ""), text, /nothing of the residual error/);
  await refused(
    MODEL.replace("random etaCL", "occasion etaCL"),
    text,
    /Line 2 .* occasion of subject 1 is missing/,
  );
  await refused(
    MODEL.replace("tvV * exp", "WT * exp").replace("parameter tvV = 70 > 0", "covariate WT"),
    text,
    /no column "WT"/,
  );
  const weighted = DESIGN.replace("DV", "DV,WT").replaceAll(/(\d|\.)$/gm, "$1,.");
  await refused(
    MODEL.replace("tvV * exp", "WT * exp").replace("parameter tvV = 70 > 0", "covariate WT"),
    weighted,
    /Line 2 of d\.csv: the covariate "WT" is missing/,
  );
  const zero = DESIGN.replace("1,0,1000,1,.", "1,-1,.,0,1\n1,0,1000,1,.");
  const problem = await problemOf(MODEL, zero);
  assert.match(problem.warnings[0]!, /1 observations are left out where the model predicts 0/);
});
