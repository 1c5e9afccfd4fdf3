import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { glomerularFiltration } from "./filtration.js";

const body = { heightCm: 176, weightKg: 72 };

test("Cockcroft & Gault: a man of 72 kg and creatinine 1 has 140 less his age", () => {
  const man = { ageYears: 50, sex: "male" as const, creatinineMgPerDl: 1 };
  assertClose(glomerularFiltration(body, man).mlPerMin, 90, { relative: 1e-12 });
  const woman = { ...man, sex: "female" as const };
  assertClose(glomerularFiltration(body, woman).mlPerMin, 76.5, { relative: 1e-12 });
});

test("CKD-EPI 2021: the published examples, brought to the body surface", () => {
  // Body surface of 1.73 m2 leaves the published number: a woman of 50 with 0.7 mg/dL has 142 x 0.9938^50 x 1.012.
  const standard = { heightCm: 170, weightKg: (1.73 / (0.007184 * 170 ** 0.725)) ** (1 / 0.425) };
  const woman = { ageYears: 50, sex: "female" as const, creatinineMgPerDl: 0.7 };
  assertClose(glomerularFiltration(standard, woman, "ckd-epi-2021").mlPerMin, 142 * 0.9938 ** 50 * 1.012, {
    relative: 1e-9,
  });
  const man = { ageYears: 60, sex: "male" as const, creatinineMgPerDl: 1.8 };
  assertClose(glomerularFiltration(standard, man, "ckd-epi-2021").mlPerMin, 142 * 2 ** -1.2 * 0.9938 ** 60, {
    relative: 1e-9,
  });
});

test("without creatinine a healthy adult's stands in, and the note says so", () => {
  const { mlPerMin, note } = glomerularFiltration(body, {
    ageYears: 50,
    sex: "male",
    creatinineMgPerDl: null,
  });
  assert.equal(mlPerMin, 120);
  assert.match(note, /creatinine not known/);
});
