import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3, voxelCount } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { Draws } from "../../synthesis/draws.js";
import { augmentationPreset } from "./augmentation.js";
import { addNoise, changeContrast, changeGamma, changeIntensities, lowerResolution } from "./intensity.js";

const SIZE: Size3 = [24, 20, 22];
const draws = (step: number) => new Draws(new RandomStream(11, "test"), step);

/** A smooth image of mean about 0. */
function waves(size = SIZE): Float32Array {
  const out = new Float32Array(voxelCount(size));
  for (let i = 0; i < out.length; i++) out[i] = Math.sin(i / 7) + 0.4 * Math.cos(i / 111);
  return out;
}

function moments(data: Float32Array) {
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const sd = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
  return { mean, sd, min: Math.min(...data), max: Math.max(...data) };
}

test("noise has mean 0, the standard deviation asked for, and the same values for the same address", () => {
  const a = new Float32Array(40000);
  addNoise(a, 0.3, draws(1));
  const { mean, sd } = moments(a);
  assertClose(mean, 0, { absolute: (4 * 0.3) / Math.sqrt(a.length) });
  assertClose(sd, 0.3, { relative: 4 / Math.sqrt(2 * a.length) });
  const b = new Float32Array(40000);
  addNoise(b, 0.3, draws(1));
  assert.deepEqual(a, b);
  addNoise(b, 0.3, draws(2));
  assert.notDeepEqual(a, b);
});

test("contrast stretches about the mean within the range that was", () => {
  const before = moments(waves());
  const less = waves();
  changeContrast(less, 0.5);
  assertClose(moments(less).sd, before.sd / 2, { relative: 1e-5 });
  assertClose(moments(less).mean, before.mean, { absolute: 1e-6 });
  const more = waves();
  changeContrast(more, 1.5);
  assert.ok(moments(more).max <= before.max && moments(more).min >= before.min);
  assert.ok(moments(more).sd > before.sd);
});

for (const inverted of [false, true]) {
  test(`gamma is the power of the ${inverted ? "negative" : "range"}, with mean and deviation kept`, () => {
    const source = waves();
    const data = waves();
    changeGamma(data, 1.4, inverted);
    const { mean, sd, min, max } = moments(source);
    const power = source.map((value) => {
      const share = (value - min) / (max - min);
      return inverted ? 1 - (1 - share) ** 1.4 : share ** 1.4;
    });
    const changed = moments(power);
    for (let i = 0; i < data.length; i++) {
      assertClose(data[i]!, mean + (sd / changed.sd) * (power[i]! - changed.mean), { absolute: 2e-5 });
    }
    assertClose(moments(data).mean, mean, { absolute: 1e-5 });
    assertClose(moments(data).sd, sd, { relative: 1e-5 });
  });
}

test("gamma 1 changes nothing, and a constant stays", () => {
  const data = waves();
  changeGamma(data, 1, false);
  const source = waves();
  for (let i = 0; i < data.length; i++) assertClose(data[i]!, source[i]!, { absolute: 1e-5 });
  const constant = new Float32Array(100).fill(3);
  changeGamma(constant, 0.7, true);
  assert.deepEqual(constant, new Float32Array(100).fill(3));
});

test("low resolution keeps constants and slopes, and takes away detail", () => {
  const constant = new Float32Array(voxelCount(SIZE)).fill(2.5);
  lowerResolution(constant, SIZE, 0.5);
  assert.ok(constant.every((value) => value === 2.5));
  // Half of an even axis: each coarse voxel is the second of its two, half a voxel up the slope.
  const slope = Float32Array.from({ length: voxelCount(SIZE) }, (_, i) => i % SIZE[0]);
  lowerResolution(slope, SIZE, 0.5);
  for (let i = 1; i < SIZE[0] - 1; i++) assertClose(slope[i]!, i + 0.5, { absolute: 1e-5 });
  const checker = Float32Array.from({ length: voxelCount(SIZE) }, (_, i) => i % 2);
  lowerResolution(checker, SIZE, 0.5);
  assert.equal(moments(checker).sd, 0);
});

test("nothing is changed at probability 0, and the presets change what they should as often as they say", () => {
  const still = waves();
  changeIntensities(still, SIZE, augmentationPreset("none"), draws(1));
  assert.deepEqual(still, waves());
  const spec = {
    ...augmentationPreset("none"),
    add: { probability: 0.25, range: [0.5, 1] as [number, number] },
  };
  let shifted = 0;
  for (let step = 0; step < 1000; step++) {
    const data = new Float32Array(4);
    changeIntensities(data, [4, 1, 1], spec, draws(step));
    if (data[0] !== 0) {
      assert.ok(data[0]! >= 0.5 && data[0]! < 1);
      shifted++;
    }
  }
  assert.ok(Math.abs(shifted - 250) < 4 * Math.sqrt(1000 * 0.25 * 0.75), `${shifted}`);
  let changed = 0;
  for (let step = 0; step < 60; step++) {
    const data = waves([8, 8, 8]);
    changeIntensities(data, [8, 8, 8], augmentationPreset("nnunet"), draws(step));
    assert.ok(data.every(Number.isFinite));
    if (!data.every((value, i) => value === waves([8, 8, 8])[i])) changed++;
  }
  // 1 - 0.9 * 0.9 * 0.85 * 0.85 * 0.875 * 0.7 * 0.9 = 0.68.
  assert.ok(changed > 27 && changed < 54, `${changed}`);
});

test("a preset that does not exist is refused by name", () => {
  assert.throws(() => augmentationPreset("wild" as "none"), { code: "usage", message: /"wild"/ });
});
