import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3 } from "@viscera/core";
import { entropyPercent, predictBlended, softmaxVoxels } from "@viscera/segment";
import { flipCombinations, flipped } from "../image.js";
import { entropyPercentOfScores } from "./uncertainty.js";

const random = new RandomStream(8, "uncertainty.test");
const CLASSES = 3;
const SIZE: Size3 = [5, 4, 6];
const VOXELS = 5 * 4 * 6;

/** Scores of a window that depend on its values and on the place in it, so that mirrored runs disagree. */
const score = async (window: Float32Array) =>
  Float32Array.from({ length: CLASSES * VOXELS }, (_, i) => {
    const v = i % VOXELS;
    return 2 * Math.sin(window[v]! * (1 + Math.floor(i / VOXELS)) + 0.3 * v);
  });

async function withProbabilities(window: Float32Array): Promise<Float32Array> {
  const scores = await score(window);
  const both = new Float32Array(2 * scores.length);
  both.set(scores);
  softmaxVoxels(scores, CLASSES, both.subarray(scores.length));
  return both;
}

test("the entropy of probabilities, in percent of the most there can be", () => {
  assert.equal(entropyPercent(Float32Array.of(1, 0, 0), 0, 1, 3), 0);
  assert.equal(entropyPercent(Float32Array.of(1 / 3, 1 / 3, 1 / 3), 0, 1, 3), 100);
  assert.equal(
    entropyPercent(Float32Array.of(0.5, 0.5, 0), 0, 1, 3),
    Math.round((100 * Math.log(2)) / Math.log(3)),
  );
  const scores = Float32Array.from({ length: 8 }, (_, i) => 3 * random.normal(0, i));
  const probabilities = new Float32Array(8);
  softmaxVoxels(scores, 4, probabilities);
  for (const v of [0, 1]) {
    assert.equal(entropyPercentOfScores(scores, v, 2, 4), entropyPercent(probabilities, v, 2, 4));
  }
});

test("uncertainty is of the mean probabilities of all looks, and changes no label", async () => {
  const data = Float32Array.from({ length: VOXELS }, (_, i) => random.normal(1, i));
  const image = { size: SIZE, channels: 1, data };
  const parameters = {
    classes: CLASSES,
    patch: SIZE,
    overlap: 0.5,
    mirrorAxes: [0, 2] as const,
    // Two rows a strip
    accumulatorBytes: 4 * (2 * CLASSES + 1) * 5 * 6 * 2,
  };
  const plain = await predictBlended(score, image, parameters);
  const found = await predictBlended(withProbabilities, image, { ...parameters, probabilities: true });
  assert.deepEqual(found.labels, plain.labels);
  assert.deepEqual(found.confidence, plain.confidence);
  assert.equal(plain.uncertainty, undefined);
  const mean = new Float32Array(CLASSES * VOXELS);
  for (const axes of flipCombinations([0, 2])) {
    const shares = new Float32Array(mean.length);
    softmaxVoxels(await score(flipped(data, SIZE, axes)), CLASSES, shares);
    flipped(shares, SIZE, axes).forEach((p, i) => {
      mean[i]! += p / 4;
    });
  }
  for (let v = 0; v < VOXELS; v++) {
    const expected = entropyPercent(mean, v, VOXELS, CLASSES);
    assert.ok(Math.abs(found.uncertainty![v]! - expected) <= 1, `voxel ${v}`);
  }
});
