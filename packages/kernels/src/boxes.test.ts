import assert from "node:assert/strict";
import { test } from "node:test";
import { type Size3, VisceraError } from "@viscera/core";
import { boundingBoxes, crop, cropPadded, sizeOfBox } from "./index.js";
import { randomLabels } from "./testing.js";

test("boxes: extents and counts equal those of a search per label", () => {
  const size: Size3 = [7, 6, 5];
  const labels = Uint16Array.from(randomLabels(size, 60, 1), (x) => 500 * x);
  const extents = boundingBoxes(labels, size);
  const ids = [...new Set(labels)].filter((id) => id > 0).sort((a, b) => a - b);
  assert.deepEqual([...extents.keys()], ids);
  for (const id of ids) {
    const at = [...labels.keys()].filter((v) => labels[v] === id);
    const along = [
      at.map((v) => v % 7),
      at.map((v) => Math.floor(v / 7) % 6),
      at.map((v) => Math.floor(v / 42)),
    ];
    assert.deepEqual(extents.get(id), {
      box: { min: along.map((p) => Math.min(...p)), max: along.map((p) => Math.max(...p)) },
      voxels: at.length,
    });
  }
  assert.equal(boundingBoxes(new Uint8Array(8), [2, 2, 2]).size, 0);
});

test("crop: inside, beyond the image, and without any voxel in common", () => {
  const size: Size3 = [4, 3, 2];
  const image = Int16Array.from({ length: 24 }, (_, i) => i);
  const inside = crop(image, size, { min: [1, 1, 0], max: [2, 2, 1] });
  assert.deepEqual(inside, { data: Int16Array.of(5, 6, 9, 10, 17, 18, 21, 22), size: [2, 2, 2] });
  const padded = cropPadded(image, size, { min: [-1, 2, 1], max: [1, 3, 1] }, -5);
  assert.deepEqual(padded, { data: Int16Array.of(-5, 20, 21, -5, -5, -5), size: [3, 2, 1] });
  const apart = cropPadded(image, size, { min: [9, 0, 0], max: [9, 1, 0] }, 1);
  assert.deepEqual(apart.data, Int16Array.of(1, 1));
  assert.deepEqual(sizeOfBox({ min: [-1, 2, 1], max: [1, 3, 1] }), [3, 2, 1]);
  assert.throws(() => crop(image, size, { min: [0, 0, 0], max: [4, 0, 0] }), VisceraError);
  assert.throws(() => cropPadded(image, size, { min: [2, 0, 0], max: [1, 0, 0] }), VisceraError);
  assert.throws(() => cropPadded(image, size, { min: [0.5, 0, 0], max: [1, 0, 0] }), VisceraError);
});
