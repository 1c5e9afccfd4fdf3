import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Size3, VisceraError, type VoxelArray } from "@viscera/core";
import {
  closePool,
  gaussianSmooth,
  gaussianSmoothReference,
  gaussianWeights,
  type SeparableWeights,
  separableFilter,
  separableFilterReference,
} from "./index.js";
import { assertSameBytes, largestDifference, onAnyThreads, randomImage } from "./testing.js";

after(closePool);

test("Gaussian weights: normalised, symmetric, cut at 4 sigma; sigma 0 is the identity", () => {
  const weights = gaussianWeights(1.5);
  assert.equal(weights.length, 13);
  assert.ok(Math.abs(weights.reduce((a, b) => a + b) - 1) < 1e-15);
  assert.ok(Math.abs(weights[6]! / weights[7]! - Math.exp(0.5 / 2.25)) < 1e-12);
  assert.deepEqual([...weights], [...weights].reverse());
  assert.deepEqual([...gaussianWeights(0)], [1]);
});

test("filter: the reference gives hand-computed sums and repeats the edges", () => {
  const weights: SeparableWeights = [[1, 2, 4], [1], [1]];
  assert.deepEqual(
    [...separableFilterReference(Uint8Array.of(1, 0, 0, 3), [4, 1, 1], weights)],
    [3, 1, 12, 18],
  );
  const along = separableFilterReference(Int16Array.of(1, 0, 0, -3), [1, 2, 2], [[1], [0, 1, 1], [1, 1, 0]]);
  // j: [1+0, 0+0, 0-3, -3-3]; k: each with the one before, the first doubled.
  assert.deepEqual([...along], [2, 0, -2, -6]);
});

test("filter: the reference smooths an impulse to the product of Gaussians", () => {
  const size: Size3 = [15, 15, 15];
  const image = new Float32Array(15 ** 3);
  image[7 + 15 * (7 + 15 * 7)] = 1;
  const out = gaussianSmoothReference(image, size, [0.8, 1, 1.2]);
  const at = (i: number, j: number, k: number) => out[7 + i + 15 * (7 + j + 15 * (7 + k))]!;
  const expected = Math.exp(-0.5 * (4 / 0.64 + 1 + 9 / 1.44));
  assert.ok(Math.abs(at(2, 1, 3) / at(0, 0, 0) / expected - 1) < 1e-5);
});

test("filter: the kernel equals the reference for every number type, size and thread count", async () => {
  const cases: [Size3, (values: Float32Array) => VoxelArray][] = [
    [[71, 64, 66], (v) => v],
    [[64, 66, 70], (v) => Int16Array.from(v, (x) => 1000 * x)],
    [[3, 301, 300], (v) => Uint8Array.from(v, (x) => 100 * Math.abs(x))],
    [[300, 301, 3], (v) => Float64Array.from(v)],
    [[1, 1, 9], (v) => Uint16Array.from(v, (x) => 100 * Math.abs(x))],
    [[17, 2, 1], (v) => Int32Array.from(v, (x) => 100 * x)],
  ];
  for (const [size, convert] of cases) {
    const image = convert(randomImage(size, 1));
    const kept = image.slice();
    const scale = Float64Array.from(image).reduce((most, x) => Math.max(most, Math.abs(x)));
    const actual = await onAnyThreads((options) => gaussianSmooth(image, size, [2.1, 0.6, 3.4], options));
    const expected = gaussianSmoothReference(image, size, [2.1, 0.6, 3.4]);
    assert.ok(largestDifference(actual, expected) < 2e-6 * scale, size.join());
    assertSameBytes(image, kept);
  }
});

test("filter: weights need not be symmetric, and may be longer than the image", async () => {
  const size: Size3 = [19, 5, 7];
  const image = randomImage(size, 2);
  const weights: SeparableWeights = [[-1, 0, 1], [0.1, 0.2, 0.3, 0.4, 0.5], new Float64Array(31).fill(0.1)];
  const actual = await separableFilter(image, size, weights);
  assert.ok(largestDifference(actual, separableFilterReference(image, size, weights)) < 1e-5);
  assert.deepEqual(await separableFilter(image, size, [[1], [1], [1]]), image);
});

test("filter: refuses what it cannot do in a sentence", async () => {
  const image = new Float32Array(8);
  await assert.rejects(gaussianSmooth(image, [2, 2, 2], [-1, 0, 0]), VisceraError);
  await assert.rejects(separableFilter(image, [2, 2, 2], [[1, 1], [1], [1]]), VisceraError);
  await assert.rejects(separableFilter(image, [2, 2, 3], [[1], [1], [1]]), VisceraError);
});
