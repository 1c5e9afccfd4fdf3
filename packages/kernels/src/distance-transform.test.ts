import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Size3, type Vec3, VisceraError, voxelCount } from "@viscera/core";
import { closePool, distanceTransform, distanceTransformReference } from "./index.js";
import { assertSameBytes, largestDifference, onAnyThreads, randomBoxes, randomMask } from "./testing.js";

after(closePool);

function bruteForce(mask: Uint8Array, [nx, ny, nz]: Size3, spacing: Vec3): Float32Array {
  const at = (v: number) =>
    [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))].map((p, c) => p * spacing[c]!);
  const zeros = [...mask.keys()].filter((v) => mask[v] === 0).map(at);
  assert.equal(mask.length, nx * ny * nz);
  return Float32Array.from(mask, (_, v) => {
    const p = at(v);
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...zeros.map((z) => Math.hypot(z[0]! - p[0]!, z[1]! - p[1]!, z[2]! - p[2]!)),
    );
  });
}

test("distance transform: the reference equals brute force", () => {
  const cases: [Size3, Vec3, number][] = [
    [[7, 6, 5], [0.7, 1.3, 2], 0.95],
    [[1, 9, 8], [1, 1, 1], 0.9],
    [[12, 1, 1], [3, 1, 1], 0.8],
    [[6, 7, 8], [5, 0.2, 1], 0.5],
  ];
  for (const [size, spacing, density] of cases) {
    const mask = randomMask(size, density, 1);
    const difference = largestDifference(
      distanceTransformReference(mask, size, spacing),
      bruteForce(mask, size, spacing),
    );
    assert.ok(difference < 1e-5, `${size}: ${difference}`);
  }
});

test("distance transform: the kernel equals the reference on 1 and 2 threads and without shared memory", async () => {
  const spacing: Vec3 = [0.7, 0.9, 2.5];
  const cases: [string, Size3, (size: Size3) => Uint8Array][] = [
    ["dense", [67, 59, 61], (size) => randomMask(size, 0.5, 2)],
    ["sparse", [66, 70, 64], (size) => randomMask(size, 0.9999, 3)],
    ["boxes", [81, 53, 58], (size) => randomBoxes(size, 40, 4)],
    ["a far corner", [5, 300, 160], (size) => new Uint8Array(voxelCount(size)).fill(1).fill(0, 0, 1)],
    ["long columns", [16, 90, 170], (size) => randomMask(size, 0.99998, 5)],
    // Half of each column takes the envelope through many short pieces.
    ["half", [37, 30, 240], (size) => randomMask(size, 0.9, 8).fill(1, 37 * 30 * 120)],
    [
      "half, along j",
      [37, 240, 30],
      (size) => randomMask(size, 0.97, 9).map((v, i) => (i % 8880 < 4440 ? v : 1)),
    ],
    ["a line", [1, 1, 250000], (size) => randomMask(size, 0.999, 6)],
    ["tiny", [2, 3, 1], (size) => randomMask(size, 0.6, 7)],
  ];
  for (const [name, size, make] of cases) {
    const mask = make(size);
    const kept = mask.slice();
    const actual = await onAnyThreads((options) => distanceTransform(mask, size, spacing, options));
    const expected = distanceTransformReference(mask, size, spacing);
    const relative = actual.map((d, i) => (expected[i] === 0 ? d : d / expected[i]! - 1));
    assert.ok(Number.isFinite(expected[0]), name);
    assert.ok(largestDifference(relative, new Float32Array(relative.length)) < 1e-6, name);
    assertSameBytes(mask, kept, "the input stays as it was");
  }
});

test("distance transform: without a zero voxel every distance is Infinity; without a nonzero one, 0", async () => {
  const size: Size3 = [20, 3, 2];
  const full = await distanceTransform(new Uint8Array(120).fill(1), size, [1, 1, 1]);
  assert.ok(full.every((d) => d === Number.POSITIVE_INFINITY));
  const empty = await distanceTransform(new Uint8Array(120), size, [1, 1, 1]);
  assert.ok(empty.every((d) => d === 0));
});

test("distance transform: refuses wrong sizes and spacings in a sentence", async () => {
  const mask = new Uint8Array(8);
  await assert.rejects(distanceTransform(mask, [2, 2, 3], [1, 1, 1]), VisceraError);
  await assert.rejects(distanceTransform(mask, [2, 2, 2], [1, 0, 1]), VisceraError);
  await assert.rejects(distanceTransform(mask, [2, 2, 2], [1, Number.NaN, 1]), VisceraError);
});
