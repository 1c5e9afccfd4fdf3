import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  FILE_SCHEMAS,
  jsonSchemaOf,
  modelFileSchema,
  parseJson,
  patientSchema,
  structureNameSchema,
  VisceraError,
} from "../index.js";
import { REPOSITORY } from "../testing/index.js";

test("an empty patient is a patient of whom nothing is known", () => {
  const patient = parseJson("{}", patientSchema, "patient.json");
  assert.equal(patient.ageYears, null);
  assert.equal(patient.creatinineMgPerDl, null);
});

test("errors name the file and the field", () => {
  const code = (expected: string) => (error: unknown) =>
    error instanceof VisceraError && error.code === expected;
  assert.throws(() => parseJson("{", patientSchema, "patient.json"), code("input.json"));
  assert.throws(() => parseJson('{"weightKg":-3}', patientSchema, "patient.json"), /patient\.json.*weightKg/);
  assert.throws(() => parseJson('{"weight":70}', patientSchema, "patient.json"), code("input.schema"));
});

test("structure names cannot leave the folder", () => {
  for (const name of ["liver", "kidney_left", "Cerebral-White-Matter", "3rd-Ventricle", "Léber"])
    assert.ok(structureNameSchema.safeParse(name).success, name);
  for (const name of ["", "../x", "a/b", "a\\b", ".hidden", "a b"])
    assert.ok(!structureNameSchema.safeParse(name).success, name);
});

test("a model file as the architecture page shows it is accepted", () => {
  const model = {
    schema: 1,
    name: "hippocampus-mr",
    version: "1.0.0",
    architecture: { kind: "PlainConvUNet", options: {} },
    weights: "weights.safetensors",
    input: {
      modality: ["MR"],
      orientation: "RAS",
      spacingMm: [1, 1, 1],
      patch: [40, 56, 40],
      normalisation: { kind: "zscore" },
    },
    labels: [{ id: 1, name: "hippocampus_anterior", snomed: null }],
    licence: "CC BY-SA 4.0",
    commercialUse: true,
    card: "CARD.md",
    sha256: "0".repeat(64),
  };
  assert.equal(parseJson(JSON.stringify(model), modelFileSchema, "m").input.overlap, 0.5);
});

test("the schemas in docs/schemas are current (node scripts/write-schemas.mjs)", () => {
  for (const [name, schema] of Object.entries(FILE_SCHEMAS)) {
    const written = JSON.parse(readFileSync(join(REPOSITORY, `docs/schemas/${name}.schema.json`), "utf8"));
    assert.deepEqual(written, JSON.parse(JSON.stringify(jsonSchemaOf(schema))), name);
  }
});

test("every schema is emitted as JSON Schema", () => {
  for (const [name, schema] of Object.entries(FILE_SCHEMAS)) {
    const emitted = jsonSchemaOf(schema);
    assert.equal(emitted["$schema"], "https://json-schema.org/draft/2020-12/schema", name);
    assert.equal(emitted["type"], "object", name);
  }
});
