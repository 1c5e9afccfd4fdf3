import assert from "node:assert/strict";
import { test } from "node:test";
import { affineOf, type LabelMap, type Size3, type Volume } from "@viscera/core";
import { checkLabels } from "./check-labels.js";

/** A liver of so many mL as a box in a large image of 1 x 1 x 2 mm. */
function bodyWith(millilitres: number): [LabelMap, Volume] {
  const size: Size3 = [200, 200, 130];
  const affine = affineOf([1, 1, 2], [-100, -100, -130]);
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  const edge = Math.cbrt(millilitres * 1000);
  for (let z = 0; z < edge / 2; z++) {
    for (let y = 0; y < edge; y++)
      data.fill(1, 40 + 200 * (40 + y + 200 * (20 + z)), 40 + edge + 200 * (40 + y + 200 * (20 + z)));
  }
  const labels = [{ id: 1, name: "liver", snomed: null, color: "#aa5522", source: "test" }];
  const scan = new Int16Array(data.length).fill(50);
  return [
    { size, affine, data, labels },
    { size, affine, data: scan, modality: "CT", unit: "HU" },
  ];
}

test("labels of a large image are measured coarsely, and their volumes still hold", async () => {
  assert.deepEqual(await checkLabels(...bodyWith(1500), {}), []);
  const [finding, ...rest] = await checkLabels(...bodyWith(200), {});
  assert.deepEqual(rest, []);
  const volume = Number(/^Liver has (\d+) mL; adults/.exec(finding!)![1]);
  assert.ok(Math.abs(volume / 200 - 1) < 0.06, finding);
});
