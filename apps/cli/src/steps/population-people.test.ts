import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { patientSchema } from "@viscera/core";
import { scratch } from "../commands/testing.js";
import { readPatientOrCase, readPeople } from "./population-people.js";

const { at, remove } = scratch();
after(remove);

test("limits of people", () => {
  assert.deepEqual(readPeople("adults"), {});
  assert.deepEqual(readPeople("age=18-65, female=0.4,bmi=18.5-30,height=170"), {
    ageYears: [18, 65],
    femaleShare: 0.4,
    bodyMassIndex: [18.5, 30],
    heightCm: [170, 170],
  });
  for (const text of ["age", "age=old", "female=", "shoe=43", "weight=-5"])
    assert.throws(() => readPeople(text), /--people does not understand/, text);
});

test("a patient of a file, and of a case with measured organs", async () => {
  writeFileSync(at("patient.json"), '{"ageYears": 40, "sex": "male"}');
  const known = await readPatientOrCase(at("patient.json"));
  assert.deepEqual([known.patient.ageYears, known.patient.weightKg, known.isCase], [40, null, false]);
  mkdirSync(at("case", "organs"), { recursive: true });
  const file = {
    schema: 1,
    kind: "scan",
    patient: patientSchema.parse({ ageYears: 61, sex: "female" }),
    scan: null,
    key: "0".repeat(64),
    finished: [],
    warnings: [],
    provenance: [],
  };
  writeFileSync(at("case", "case.json"), JSON.stringify(file));
  await assert.rejects(readPatientOrCase(at("case")), /organs.json" of --patient does not exist/);
  writeFileSync(at("case", "organs", "organs.json"), '{"schema": 1, "organs": []}');
  for (const path of [at("case"), at("case", "case.json")]) {
    const found = await readPatientOrCase(path);
    assert.deepEqual([found.patient.ageYears, found.organs, found.isCase], [61, [], true]);
  }
  await assert.rejects(readPatientOrCase(at("nowhere.json")), /does not exist/);
});
