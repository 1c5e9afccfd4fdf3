import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { fitPopulation } from "./fit-population.js";
import { residualsOf } from "./residuals.js";
import { drawnData, problemOf } from "./testing.js";

const PKPD = `
  parameter tvCL = 4 > 0
  parameter V = 40 > 0
  parameter kout = 0.2 > 0
  parameter IC50 = 1 > 0
  random etaCL ~ 0.06
  random etaIC ~ 0.1
  CL = tvCL * exp(etaCL)
  C50 = IC50 * exp(etaIC)
  d/dt(central) = -CL / V * central
  Cp = central / V
  d/dt(response) = 20 * (1 - Cp / (C50 + Cp)) - kout * response
  response(0) = 20 / kout
  output Cp
  output effect = response
`;
const ERRORS = "error Cp = proportional 0.1\nerror effect = additive 4";
const subject = (id: number, cells: (output: number) => string) =>
  [
    `${id},0,200,1,.,${cells(1)}`,
    ...[1, 6, 18].map((t) => `${id},${t},.,0,1,${cells(1)}`),
    ...[2, 8, 20, 40].map((t) => `${id},${t},.,0,1,${cells(2)}`),
  ].sort((a, b) => Number(a.split(",")[1]) - Number(b.split(",")[1]));
const design = (column: string, cells: (output: number) => string, subjects = 16) =>
  [
    `ID,TIME,AMT,EVID,DV,${column}`,
    ...Array.from({ length: subjects }, (_, i) => subject(i + 1, cells)).flat(),
  ].join("\n");

test("two outputs are fitted together; DVID tells them by number or name", async () => {
  const text = await drawnData(`${PKPD}${ERRORS}`, design("DVID", String), 3);
  const problem = await problemOf(`${PKPD}${ERRORS}`, text);
  const fit = await fitPopulation(problem);
  const truth = [4, 40, 0.2, 1, 0.06, 0.1, 0.1, 4];
  const inside = fit.estimates.filter(({ low, high }, k) => low! < truth[k]! && truth[k]! < high!);
  assert.ok(inside.length >= 7, fit.estimates.map(({ name, value }) => `${name} ${value}`).join(", "));
  const rows = residualsOf(problem, fit.values, fit.individuals);
  assert.equal(rows.filter(({ output }) => output === "effect").length, 64);
  // By names in any case the objective is the same.
  const named = text.replace(/,(\d)$/gm, (_, kind) => (kind === "1" ? ",CP" : ",effect"));
  const again = await fitPopulation(await problemOf(`${PKPD}${ERRORS}`, named), { uncertainty: false });
  assertClose(again.objective, fit.objective, { absolute: 1e-3 });
});

test("compartments tell them where errors name one; what nothing describes is left out and told", async () => {
  const errors = "error Cp cmt 1 = proportional 0.1\nerror effect cmt 2 = additive 4";
  const problem = await problemOf(`${PKPD}${errors}`, design("CMT", String, 2));
  assert.deepEqual(problem.subjects[0]!.data.layout.outputs, [0, 1, 0, 1, 0, 1, 1]);
  const only = await problemOf(`${PKPD}error Cp = proportional 0.1`, design("DVID", String, 2));
  assert.equal(only.observations, 6);
  assert.match(only.warnings.join(" "), /8 observations with DVID 2 are left out/);
  await assert.rejects(
    problemOf(`${PKPD}${ERRORS}`, design("WT", String, 2)),
    /does not say which was observed/,
  );
});
