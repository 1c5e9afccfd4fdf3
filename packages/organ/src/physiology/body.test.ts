import assert from "node:assert/strict";
import { test } from "node:test";
import { type OrganRecord, patientSchema } from "@viscera/core";
import { assertClose, organRecord } from "@viscera/core/testing";
import { type Body, bodyOf, bodySurfaceM2, DENSITY_G_PER_ML, referenceAdult, TISSUES } from "./index.js";

const male = patientSchema.parse({ sex: "male", heightCm: 176, weightKg: 73 });

function massKg(body: Body): number {
  const tissue = TISSUES.reduce((sum, name) => sum + body.tissues[name].volumeMl * DENSITY_G_PER_ML[name], 0);
  return (tissue + (body.arterialBloodMl + body.venousBloodMl) * DENSITY_G_PER_ML.blood) / 1000;
}

test("flow shares add up to the cardiac output for both sexes", () => {
  for (const sex of ["male", "female", null] as const) {
    const total = Object.values(referenceAdult(sex).flowShare).reduce((a, b) => a + b, 0);
    assertClose(total, 1, { absolute: 1e-12 });
  }
});

test("the reference adult comes back as it stands in the tables", () => {
  const body = bodyOf(male, []);
  assertClose(body.tissues.liver.volumeMl, 1800 / 1.05, { relative: 1e-12 });
  assertClose(body.tissues.fat.volumeMl * 0.95, 18200, { relative: 1e-9 });
  assertClose(body.cardiacOutputLPerMin, 6.5, { relative: 1e-12 });
  assert.deepEqual(body.warnings, []);
});

test("masses always add up to the body weight", () => {
  for (const [heightCm, weightKg] of [
    [150, 45],
    [163, 60],
    [176, 73],
    [190, 140],
    [185, 62],
  ] as const) {
    for (const sex of ["male", "female"] as const) {
      const body = bodyOf(patientSchema.parse({ sex, heightCm, weightKg }), [
        organRecord("liver", 1600),
        organRecord("spleen", 300),
      ]);
      assertClose(massKg(body), weightKg, { relative: 1e-9 }, `${sex} ${heightCm} cm ${weightKg} kg`);
    }
  }
});

test("whole segmented organs replace the tables, cut and implausible ones do not", () => {
  const liver = (more: Partial<OrganRecord>) =>
    bodyOf(male, [organRecord("liver", 1125.7, more)]).tissues.liver;
  assert.deepEqual([liver({}).volumeMl, liver({}).from], [1125.7, "image"]);
  assert.equal(liver({ touchesBorder: true }).from, "reference");
  assert.match(liver({ touchesBorder: true }).note, /cut by the edge/);
  assert.equal(liver({ volumeMl: 90 }).from, "reference");
  const one = bodyOf(male, [organRecord("kidney_left", 160)]).tissues.kidney;
  assert.deepEqual([one.from, one.note], ["reference", "Right kidney not in the labels"]);
  assert.equal(
    bodyOf(male, [organRecord("kidney_left", 160), organRecord("kidney_right", 150)]).tissues.kidney.volumeMl,
    310,
  );
});

test("lung tissue comes from HU and needs them", () => {
  const lungs = (unit: string | null) =>
    ["lung_left", "lung_right"].map((name) =>
      organRecord(name, 2000, { intensity: { unit, mean: -750, sd: 100, p05: -900, p50: -800, p95: -500 } }),
    );
  // 4000 mL at 0.25 g/mL are 1000 g, 500/1200 of it tissue of 1.05 g/mL.
  assertClose(bodyOf(male, lungs("HU")).tissues.lung.volumeMl, (1000 * 500) / 1200 / 1.05, {
    relative: 1e-12,
  });
  assert.equal(bodyOf(male, lungs(null)).tissues.lung.from, "reference");
});

test("the body surface of the 1916 formula", () => {
  assertClose(bodySurfaceM2(170, 70), 1.81, { absolute: 0.01 });
});
