/** The pieces images are made of: deviates, fields, blur, thick slices. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3 } from "@viscera/core";
import { blurAxis, thickSlices } from "./blur.js";
import { Draws } from "./draws.js";
import { smoothField } from "./field.js";

const draws = (step: number) => new Draws(new RandomStream(9, "test.parts"), step);

function moments(values: Float32Array): { mean: number; sd: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
}

test("fast deviates are standard normal and uncorrelated", () => {
  const values = draws(0).fillNormal(new Float32Array(200_001));
  const { mean, sd } = moments(values);
  assert.ok(Math.abs(mean) < 0.01 && Math.abs(sd - 1) < 0.01, `${mean} +- ${sd}`);
  const share = (limit: number) => values.filter((v) => Math.abs(v) < limit).length / values.length;
  assert.ok(Math.abs(share(1) - 0.6827) < 0.005);
  assert.ok(Math.abs(share(2) - 0.9545) < 0.003);
  for (const lag of [1, 2, 3, 64]) {
    let sum = 0;
    for (let i = lag; i < values.length; i++) sum += values[i]! * values[i - lag]!;
    assert.ok(Math.abs(sum / values.length) < 0.01, `lag ${lag}: ${sum / values.length}`);
  }
  assert.notDeepEqual(draws(1).fillNormal(new Float32Array(8)), draws(2).fillNormal(new Float32Array(8)));
});

test("a field has mean 0, changes slowly and differs between draws", () => {
  const size: Size3 = [40, 36, 32];
  const source = draws(3);
  const field = smoothField(source, size, [4, 4, 4]);
  const { mean, sd } = moments(field);
  assert.ok(Math.abs(mean) < 0.2 && sd > 0.4 && sd < 0.8, `${mean} +- ${sd}`);
  let step = 0;
  for (let i = 1; i < field.length; i++)
    if (i % 40 !== 0) step = Math.max(step, Math.abs(field[i]! - field[i - 1]!));
  assert.ok(step < 2, `steps of up to ${step}`);
  assert.notDeepEqual(smoothField(source, size, [4, 4, 4]), field);
});

test("blurring keeps constants and sums, and spreads a point as a Gaussian", () => {
  const size: Size3 = [9, 21, 7];
  const constant = new Float32Array(9 * 21 * 7).fill(3);
  blurAxis(constant, size, 1, 1.7);
  assert.ok(constant.every((value) => Math.abs(value - 3) < 1e-5));
  for (const axis of [0, 1, 2]) {
    const cube: Size3 = [31, 31, 31];
    const point = new Float32Array(31 ** 3);
    point[15 + 31 * (15 + 31 * 15)] = 1;
    blurAxis(point, cube, axis, 2);
    const stride = 31 ** axis;
    const middle = 15 + 31 * (15 + 31 * 15);
    let [sum, square] = [0, 0];
    for (let i = -15; i <= 15; i++) {
      sum += point[middle + i * stride]!;
      square += i * i * point[middle + i * stride]!;
    }
    assert.ok(Math.abs(sum - 1) < 1e-5);
    // The kernel ends at 2.5 standard deviations.
    assert.ok(Math.abs(Math.sqrt(square) - 2) < 0.12, `deviation ${Math.sqrt(square)}`);
  }
});

test("thick slices keep a ramp's middle and take detail along their axis only", () => {
  const size: Size3 = [16, 16, 30];
  const ramp = Float32Array.from({ length: 16 * 16 * 30 }, (_, i) => Math.floor(i / 256));
  const wave = Float32Array.from({ length: ramp.length }, (_, i) => (Math.floor(i / 256) % 2) + 10 * (i % 2));
  thickSlices(ramp, size, 2, 3, { nearest: false, shift: 0.4 });
  for (let z = 8; z < 22; z++) assert.ok(Math.abs(ramp[256 * z]! - z) < 1, `slice ${z}: ${ramp[256 * z]}`);
  thickSlices(wave, size, 2, 3, { nearest: false, shift: 0.4 });
  for (let z = 8; z < 22; z++) {
    assert.ok(Math.abs(wave[256 * z]! - 0.5) < 0.1, "detail along the axis is averaged");
    assert.ok(Math.abs(wave[256 * z + 1]! - wave[256 * z]! - 10) < 1e-4, "detail across it stays");
  }
});
