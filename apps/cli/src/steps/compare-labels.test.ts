import assert from "node:assert/strict";
import { test } from "node:test";
import { affineOf, type LabelMap } from "@viscera/core";
import { compareLabels } from "./compare-labels.js";

const mapOf = (data: number[], names: Record<number, string>): LabelMap => ({
  size: [data.length, 1, 1],
  affine: affineOf([1, 1, 1], [0, 0, 0]),
  data: Uint8Array.from(data),
  labels: Object.entries(names).map(([id, name]) => ({
    id: Number(id),
    name,
    snomed: null,
    color: "#ffffff",
    source: "test",
  })),
});

test("structures are compared by name, several true ones with the one they make up", () => {
  const truth = mapOf([1, 1, 1, 0, 7, 8, 9, 0], {
    1: "liver",
    7: "vertebrae_L1",
    8: "vertebrae_L2",
    9: "aorta",
  });
  const found = mapOf([4, 4, 0, 4, 2, 2, 2, 3], { 2: "vertebrae", 3: "larynx", 4: "liver", 5: "aorta" });
  assert.deepEqual(compareLabels(found, truth), [
    { name: "vertebrae", dice: 4 / 5 },
    { name: "liver", dice: 4 / 6 },
    { name: "aorta", dice: 0 },
  ]);
});
