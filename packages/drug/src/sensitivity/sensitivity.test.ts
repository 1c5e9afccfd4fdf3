import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { readDataSet } from "../pharmacology/data-set.js";
import { libraryModelText } from "../pharmacology/library/index.js";
import { readModelText } from "../pharmacology/model-text.js";
import { globalSensitivity, localSensitivity, SENSITIVITY_MEASURES, sensitivityTask } from "./index.js";

const task = (name: string, options = {}, rows = "1,0,100,1\n1,48,0,0") => {
  const model = readModelText(libraryModelText(name), name);
  const data = readDataSet(`ID,TIME,AMT,EVID\n${rows}`);
  return sensitivityTask(model, data, data.subjects[0]!, options);
};

test("a bolus: closed forms of the normalised sensitivities", async () => {
  const { values, normalised } = await localSensitivity(task("pk1"));
  const of = (name: string) => normalised.find((row) => row.name === name)!;
  const kt = (5 / 50) * 48;
  assertClose(values.cmax, 2, { relative: 1e-9 });
  // C = D/V exp(-CL t / V).
  assertClose(of("CL").clast, -kt, { relative: 1e-6 });
  assertClose(of("V").clast, kt - 1, { relative: 1e-6 });
  assertClose(of("CL").cmax, 0, { absolute: 1e-6 });
  assertClose(of("V").cmax, -1, { relative: 1e-6 });
  // AUC = D/CL (1 - e): the trapezoids' error is common to all.
  const e = Math.exp(-kt);
  assertClose(of("CL").auc, -1 + (kt * e) / (1 - e), { relative: 2e-3 });
});

test("a nonlinear model agrees with differences of simulations", async () => {
  const rows = "1,0,300,1\n1,12,300,1\n1,48,0,0";
  const here = await localSensitivity(task("pk1-oral-mm", {}, rows));
  for (const name of ["Vmax", "ka", "V"]) {
    const h = 1e-4;
    const value = readModelText(libraryModelText("pk1-oral-mm")).parameters.find((p) => p.name === name)!
      .value!;
    const moved = async (by: number) =>
      (await localSensitivity(task("pk1-oral-mm", { settings: { [name]: value * (1 + by) } }, rows))).values;
    const [up, down] = [await moved(h), await moved(-h)];
    const found = here.normalised.find((row) => row.name === name)!;
    assertClose(found.auc, (up.auc - down.auc) / (2 * h * here.values.auc), {
      relative: 1e-4,
      absolute: 1e-6,
    });
    assertClose(found.clast, (up.clast - down.clast) / (2 * h * here.values.clast), { relative: 1e-4 });
  }
});

test("Sobol and Morris rank as the closed form does: the peak of a bolus is the volume's alone", async () => {
  const ranges = { CL: [2.5, 10], V: [25, 100] } as const;
  const { results, evaluations, failures } = await globalSensitivity(task("pk1", { ranges }), "sobol", {
    seed: 1,
    samples: 1024,
    bootstrap: 0,
  });
  assert.equal(evaluations, 1024 * 4);
  assert.equal(failures, 0);
  const cmax = results[SENSITIVITY_MEASURES.indexOf("cmax")]!;
  assertClose(cmax.first[1]!, 1, { absolute: 0.1 });
  assertClose(cmax.total[0]!, 0, { absolute: 1e-9 });
  const halfLife = results[SENSITIVITY_MEASURES.indexOf("halfLife")]!;
  // ln 2 V / CL with both over the same range: equal shares.
  assertClose(halfLife.total[0]!, halfLife.total[1]!, { absolute: 0.1 });
  const screened = await globalSensitivity(task("pk1", { ranges }), "morris", { seed: 1 });
  const effects = screened.results[SENSITIVITY_MEASURES.indexOf("cmax")]!;
  assert.equal(effects.meanAbsolute[0], 0);
  assert.ok(effects.mean[1]! < -1);
});

test("what has no sense is refused", () => {
  assert.throws(() => task("pk1", { vary: ["Q"] }), /no parameter "Q".*/);
  assert.throws(() => task("pk1", { ranges: { CL: [4, 2] } }), /holds nothing/);
  assert.throws(() => task("pk1", { output: "Cq" }), /no output "Cq"/);
  assert.throws(() => task("pk1", { until: 0 }), /no time between/);
  assert.match(task("pk1-oral", { vary: ["tlag", "CL"] }).warnings[0]!, /tlag is 0/);
});
