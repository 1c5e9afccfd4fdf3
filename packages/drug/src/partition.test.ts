import assert from "node:assert/strict";
import { test } from "node:test";
import { patientSchema } from "@viscera/core";
import { bodyOf, TISSUES } from "@viscera/organ";
import { partitionCoefficient } from "./index.js";

test("a hydrophilic unbound drug follows tissue water", () => {
  for (const tissue of TISSUES) {
    const k = partitionCoefficient(tissue, -5, 1);
    assert.ok(k > 0.15 && k < 1, `${tissue} ${k}`);
  }
});

test("lipophilic drugs gather in fat", () => {
  assert.ok(partitionCoefficient("fat", 5, 0.1) > 10 * partitionCoefficient("muscle", 5, 0.1));
});

test("midazolam's volume of distribution lies within the label's 1.0 to 3.1 L/kg", () => {
  const body = bodyOf(patientSchema.parse({ sex: "male", heightCm: 176, weightKg: 73 }), []);
  const tissue = TISSUES.reduce(
    (sum, name) => sum + (body.tissues[name].volumeMl / 1000) * partitionCoefficient(name, 2.897, 0.031),
    0,
  );
  const blood = ((body.arterialBloodMl + body.venousBloodMl) / 1000) * 0.55;
  const perKg = (tissue + blood) / 73;
  assert.ok(perKg > 1 && perKg < 3.1, `${perKg} L/kg`);
});
