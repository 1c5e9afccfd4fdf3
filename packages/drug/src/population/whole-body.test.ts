import assert from "node:assert/strict";
import { test } from "node:test";
import { patientSchema } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { virtualPerson } from "@viscera/organ";
import {
  libraryCompound,
  pbpkCourse,
  pbpkModel,
  pbpkParameters,
  physiologyOf,
  resolveCompound,
} from "../pbpk/index.js";
import { doseRecord, PopulationRunner, type PopulationTask, readDose, simulatePeople } from "./index.js";

const midazolam = libraryCompound("osp:midazolam").compound;
const saturable = resolveCompound({
  basedOn: "osp:midazolam",
  name: "saturable",
  metabolism: [
    { protein: "CYP3A4", maximalRate: { value: 523, unit: "pmol/min/mg" }, michaelisUmolPerL: 2.73 },
  ],
}).compound;

function task(compound: typeof midazolam, more: Partial<PopulationTask> = {}): PopulationTask {
  const model = pbpkModel([compound]);
  return {
    model,
    parameters: {},
    doses: [readDose("7.5 mg every 12 h times 2", model), readDose("2 into venous over 0.5 at 3", model)],
    doseFactor: 1,
    times: [0, 0.5, 1, 2, 3, 3.5, 5, 8, 11.5, 13, 20, 24],
    outputs: ["C_plasma", "C_liver"],
    window: { from: 0, until: 24 },
    thresholds: [],
    people: { ageYears: [20, 70] },
    body: { model, compounds: [compound], filtration: "cockcroft-gault" },
    variations: [],
    seed: 11,
    relative: 1e-8,
    absolute: 1e-11,
    ...more,
  };
}

for (const [compound, engine] of [
  [midazolam, "linear"],
  [saturable, "pairs"],
] as const) {
  test(`${engine}: a person of a population has the course of that body alone`, async () => {
    const of = task(compound);
    const runner = await PopulationRunner.create(of);
    assert.equal(runner.layout.engine, engine);
    const { curves, table } = runner.run(2, 4);
    const { body, patient } = virtualPerson(of.people!, of.seed, 3);
    const model = pbpkModel([compound]);
    const parameters = pbpkParameters(model, physiologyOf(body, patient), [compound]);
    const records = (of.doses as readonly ReturnType<typeof readDose>[]).map((dose) => doseRecord(dose, 1));
    const course = await pbpkCourse(model, parameters, records, runner.layout.times);
    const rows = runner.layout.times.length;
    for (const [o, name] of of.outputs.entries()) {
      const expected = course.columns.get(name)!;
      const peak = expected.reduce((most, value) => Math.max(most, value));
      expected.forEach((value, r) => {
        const found = curves[(rows + r) * 2 + o]!;
        assertClose(found, value, { relative: 1e-5, absolute: 1e-6 * peak }, `${name} at ${of.times[r]}`);
      });
    }
    const auc = table[table.length / 2 + runner.layout.covariates.length + 4]!;
    assertClose(auc, course.columns.get("auc")!.at(-1)!, { relative: 1e-5 });
  });
}

test("bodies differ, and so do exposures; a given parameter goes before every body's", async () => {
  const area = async (more: Partial<PopulationTask>) => {
    return simulatePeople(task(midazolam, more), 60);
  };
  const free = await area({});
  assert.equal(new Set(free.column("auc")).size, 60);
  // Clearance goes with the liver; the same clearance for all leaves less between them.
  const { model } = task(midazolam);
  const cleared = model.parameters.find(({ name }) => name.startsWith("CLint"))!.name;
  const fixed = await area({ parameters: { [cleared]: 900 } });
  assert.ok(fixed.distribution("auc", []).geometricCv! < 0.8 * free.distribution("auc", []).geometricCv!);
  assert.deepEqual(fixed.column("WT"), free.column("WT"));
});

test("people like a patient share what is known of it", async () => {
  const patient = patientSchema.parse({ ageYears: 50, sex: "male", heightCm: 180, weightKg: 90 });
  const of = task(midazolam, { people: { like: { patient, organs: [] } } });
  const runner = await PopulationRunner.create(of);
  const { table } = runner.run(0, 6);
  const width = table.length / 6;
  for (let i = 0; i < 6; i++) {
    assert.deepEqual([...table.subarray(i * width, i * width + 4)], [50, 0, 180, 90]);
  }
});

test("whole bodies without people are refused", async () => {
  await assert.rejects(PopulationRunner.create(task(midazolam, { people: null })), /needs people/);
});
