import assert from "node:assert/strict";
import { test } from "node:test";
import { IDENTITY, type Volume } from "@viscera/core";
import { looksLikeCt } from "./modality.js";

const volumeOf = (values: number[], modality: string | null = null, unit: string | null = null): Volume => ({
  size: [values.length, 1, 1],
  affine: IDENTITY,
  data: Float32Array.from(values),
  modality,
  unit,
});

test("a CT is told by its file, or by air and tissue in its values", () => {
  assert.equal(looksLikeCt(volumeOf([-1024, 40, 3071])), true);
  assert.equal(looksLikeCt(volumeOf([0, 400, 1200])), false, "MR");
  assert.equal(looksLikeCt(volumeOf([-32768, 32767])), false, "a signed phase image");
  assert.equal(looksLikeCt(volumeOf([-1024, -600])), false, "nothing but air");
  assert.equal(looksLikeCt(volumeOf([-1024, 40], "MR")), false, "the file's word counts");
  assert.equal(looksLikeCt(volumeOf([0, 1], null, "HU")), true);
  assert.equal(looksLikeCt(volumeOf([Number.NaN])), false);
});
