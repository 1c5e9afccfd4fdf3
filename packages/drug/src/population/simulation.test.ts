import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson, patientSchema, type Run, runSummarySchema, type SimulationCase } from "@viscera/core";
import { assertClose, organRecord } from "@viscera/core/testing";
import { drugConfigSchema, drugSimulation } from "../pbpk/index.js";
import { populationConfigSchema, populationSimulation } from "./index.js";

const absent = () => Promise.reject(new Error("not needed"));
const patient = patientSchema.parse({
  sex: "male",
  heightCm: 176,
  weightKg: 80,
  ageYears: 45,
  haematocrit: 0.45,
});
const liver = organRecord("liver", 1500, { id: 5 });
const subject: SimulationCase = { patient, organs: [liver], scan: absent, labels: absent };
const simulate = (config: unknown): Promise<Run> =>
  populationSimulation.run(subject, populationConfigSchema.parse(config), { seed: 1 });

test("people like the patient surround the patient", async () => {
  const run = await simulate({ size: 200, targets: ["auc>0.05"] });
  parseJson(JSON.stringify(run.summary), runSummarySchema.partial(), "summary.json");
  const own = await drugSimulation.run(subject, drugConfigSchema.parse({ stepMin: 15 }), { seed: 1 });
  const area = own.summary.values.find(({ name }) => name === "auc")!.value;
  const people = run.summary.values.find(({ name }) => name === "auc")!;
  assert.ok(people.low! < area && area < people.high!, `${people.low} ${area} ${people.high}`);
  assertClose(people.value, area, { relative: 0.15 });
  const shared = run.summary.tables.find(({ title }) => /share with the patient/.test(title))!;
  assert.deepEqual(
    shared.rows.find(([name]) => name === "Liver, measured"),
    ["Liver, measured", 1500, "mL"],
  );
  assert.deepEqual(
    shared.rows.find(([name]) => name === "Serum creatinine"),
    ["Serum creatinine", "drawn (not known)", ""],
  );
  assert.equal(run.summary.values[0]!.name, "attainment_1");
});

test("a tablet dissolves first; what cannot be given is told", async () => {
  const absorption = {
    ratePerH: 1,
    dissolution: { particleRadiusUm: 25, densityGPerMl: 1.2, solubilityMgPerL: 50 },
  };
  const compound = { basedOn: "osp:midazolam", name: "slow", absorption };
  const oral = [{ route: "oral", doseMg: 10 }];
  const slow = await simulate({ compound, doses: oral, size: 4 });
  const fast = await simulate({ doses: oral, size: 4 });
  const tmax = (run: Run) => run.summary.values.find(({ name }) => name === "tmax")!.value;
  assert.ok(tmax(slow) > tmax(fast));
  const steady = [{ route: "oral", doseMg: 10, everyH: 8, steadyState: true }];
  const value = (run: Run, name: string) =>
    run.summary.values.find((quantity) => quantity.name === name)!.value;
  const settled = await simulate({ doses: steady, size: 4, durationH: 8, stepMin: 5 });
  const many = [{ route: "oral", doseMg: 10, everyH: 8, count: 21 }];
  const repeated = await simulate({ doses: many, size: 4, durationH: 168, stepMin: 5 });
  // A week of doses comes near it.
  assertClose(value(settled, "clast"), value(repeated, "clast"), { relative: 2e-3 });
  await assert.rejects(simulate({ targets: ["auc/mic>3"], size: 4 }), /needs the MIC/);
  await assert.rejects(simulate({ variability: "CL=-3%", size: 4 }), /no parameter "CL"/);
});
