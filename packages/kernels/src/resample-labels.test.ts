import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Affine, affineOf, IDENTITY, type Size3, voxelCount } from "@viscera/core";
import { closePool, resampleLabels, resampleLabelsReference } from "./index.js";
import { assertSameBytes, onAnyThreads, randomBoxes, randomLabels } from "./testing.js";

after(closePool);

const OBLIQUE: Affine = [0.6, 0.1, -0.2, 0.5, 0.05, 0.8, 0.1, 0.2, -0.1, 0.1, 0.55, 0.6, 0, 0, 0, 1];
const COARSE: Affine = [3.1, 0.2, 0, 0.7, -0.2, 2, 0.1, 0.4, 0, 0.1, 1.2, -0.3, 0, 0, 0, 1];

test("labels: smooth interpolation of one label is the linear indicator above one half", () => {
  const labels = Uint8Array.of(0, 7, 7, 0);
  const outputToInput = affineOf([0.2, 1, 1]);
  const out = resampleLabelsReference(labels, [4, 1, 1], {
    outputSize: [16, 1, 1],
    outputToInput,
    interpolation: "smooth",
  });
  // Positions 0, 0.2 ... 3: label 7 from 0.6 to 2.4 (0.5 and 2.5 do not occur).
  assert.deepEqual([...out], [0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0]);
});

test("labels: ties go to the nearest voxel's label, then to the lower id", () => {
  const smooth = (labels: Uint8Array, size: Size3, outputToInput: Affine) =>
    resampleLabelsReference(labels, size, {
      outputSize: [1, 1, 1],
      outputToInput,
      interpolation: "smooth",
    })[0];
  assert.equal(smooth(Uint8Array.of(3, 9), [2, 1, 1], affineOf([1, 1, 1], [0.5, 0, 0])), 9);
  assert.equal(smooth(Uint8Array.of(9, 3), [2, 1, 1], affineOf([1, 1, 1], [0.5, 0, 0])), 3);
  // The nearest voxel's label 9 has an eighth, 5 and 4 have three each.
  const corners = Uint8Array.of(5, 5, 5, 4, 4, 4, 1, 9);
  assert.equal(smooth(corners, [2, 2, 2], affineOf([1, 1, 1], [0.5, 0.5, 0.5])), 4);
});

test("labels: no hole opens between labels that touch", async () => {
  // Six wedges around an axis, all the plane covered.
  const size: Size3 = [21, 21, 3];
  const labels = new Uint8Array(voxelCount(size)).map((_, at) => {
    const angle = Math.atan2((Math.floor(at / 21) % 21) - 10, (at % 21) - 10);
    return 1 + (Math.floor((angle + Math.PI) / (Math.PI / 3)) % 6);
  });
  const parameters = { outputSize: [50, 50, 7] as Size3, outputToInput: affineOf([0.4, 0.4, 0.33]) };
  const out = await resampleLabels(labels, size, { ...parameters, interpolation: "smooth" });
  assert.ok(out.every((label) => label > 0));
  assert.equal(new Set(out).size, 6);
});

test("labels: a coarse grid takes the label with the largest area", async () => {
  // Stripes of width 3 of 1, 2, 2, then a coarse voxel is 3 wide: 2 has two thirds of it, though 1 lies in the middle.
  const labels = Uint8Array.from({ length: 27 }, (_, i) => [2, 1, 2][i % 3]!);
  const out = await resampleLabels(labels, [27, 1, 1], {
    outputSize: [9, 1, 1],
    outputToInput: affineOf([3, 1, 1], [1, 0, 0]),
    interpolation: "smooth",
  });
  assert.deepEqual([...out], new Array(9).fill(2));
});

test("labels: the same grid gives the same labels", async () => {
  const size: Size3 = [20, 21, 22];
  const labels = randomLabels(size, 5, 1);
  const parameters = { outputSize: size, outputToInput: IDENTITY };
  for (const interpolation of ["smooth", "nearest"] as const)
    assert.deepEqual(await resampleLabels(labels, size, { ...parameters, interpolation }), labels);
});

test("labels: the kernel equals the reference on any threads, for every number type", async () => {
  const size: Size3 = [50, 61, 47];
  for (const [outputToInput, outputSize] of [
    [OBLIQUE, [70, 60, 55]],
    [COARSE, [18, 31, 40]],
  ] as [Affine, Size3][])
    for (const [type, labels] of [
      ["u8", randomBoxes(size, 60, 2)],
      ["u16", Uint16Array.from(randomLabels(size, 4, 3), (x) => 300 * x)],
      ["u32", Uint32Array.from(randomBoxes(size, 60, 4), (x) => 70000 * x)],
    ] as const)
      for (const interpolation of ["smooth", "nearest"] as const) {
        const kept = labels.slice();
        const parameters = { outputSize, outputToInput, interpolation };
        const actual = await onAnyThreads((options) =>
          resampleLabels<typeof labels>(labels, size, parameters, options),
        );
        assertSameBytes(actual, resampleLabelsReference<typeof labels>(labels, size, parameters), type);
        assertSameBytes(labels, kept);
      }
});
