import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Affine,
  applyToPoint,
  type Grid,
  invert,
  multiply,
  orientationOf,
  RandomStream,
  spacingOf,
  type Vec3,
  type Volume,
} from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { sharedFraction } from "./boxes.js";
import { crop } from "./crop.js";
import { reorient } from "./reorient.js";
import { isotropicGrid, labelsToGrid, resampleLabelMap, resampleVolume } from "./resample.js";

const AFFINE: Affine = [0, 0.1, 3, -40, -1.5, 0.05, 0, 50, 0.1, 2, 0.2, 60, 0, 0, 0, 1];
const volumeOf = (size: [number, number, number], affine: Affine): Volume => ({
  size,
  affine,
  data: Int16Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => i * 7 - 100),
  modality: "CT",
  unit: "HU",
});
/** Value at a world position that is a voxel centre. */
function valueAt({ size, affine, data }: Volume, world: Vec3): number {
  const [i, j, k] = applyToPoint(invert(affine), world).map(Math.round) as [number, number, number];
  return data[i + size[0] * (j + size[1] * k)]!;
}

test("reorienting moves no voxel in the world, for every code", () => {
  const volume = volumeOf([4, 3, 5], AFFINE);
  const codes = ["RAS", "LPS", "LIA", "PIR", "SAL", "IRP", "ASR", orientationOf(AFFINE)];
  for (const code of codes) {
    const turned = reorient(volume, code);
    assert.equal(orientationOf(turned.affine), code);
    for (let i = 0; i < 4; i++)
      for (let j = 0; j < 3; j++)
        for (let k = 0; k < 5; k++) {
          const world = applyToPoint(AFFINE, [i, j, k]);
          assert.equal(valueAt(turned, world), valueAt(volume, world), `${code} ${i} ${j} ${k}`);
        }
    const back = reorient(turned, orientationOf(AFFINE));
    assert.deepEqual(back.data, volume.data);
    back.affine.forEach((v, i) => assertClose(v, AFFINE[i]!, { absolute: 1e-12 }));
  }
  assert.equal(reorient(volume, orientationOf(AFFINE)), volume);
  for (const code of ["RAR", "RA", "XYZ", ""]) assert.throws(() => reorient(volume, code), { code: "usage" });
});

test("cropping keeps values at their place", () => {
  const volume = volumeOf([4, 3, 5], AFFINE);
  const part = crop(volume, { min: [1, 0, 2], max: [3, 1, 4] });
  assert.deepEqual(part.size, [3, 2, 3]);
  assert.equal(part.data[0], volume.data[1 + 4 * (0 + 3 * 2)]);
  const world = applyToPoint(AFFINE, [2, 1, 3]);
  assert.equal(valueAt(part, world), valueAt(volume, world));
  assert.throws(() => crop(volume, { min: [0, 0, 0], max: [4, 0, 0] }), { code: "usage" });
  assert.throws(() => crop(volume, { min: [2, 0, 0], max: [1, 0, 0] }), { code: "usage" });
});

test("an isotropic grid fills the same box", () => {
  const grid: Grid = { size: [40, 30, 10], affine: AFFINE };
  const fine = isotropicGrid(grid, 1);
  spacingOf(fine.affine).forEach((s) => assertClose(s, 1, { absolute: 1e-12 }));
  const middle = (g: Grid) => applyToPoint(g.affine, g.size.map((n) => (n - 1) / 2) as unknown as Vec3);
  middle(fine).forEach((v, i) => assertClose(v, middle(grid)[i]!, { absolute: 1e-9 }));
  fine.size.forEach((n, a) => assertClose(n, grid.size[a]! * spacingOf(AFFINE)[a]!, { absolute: 0.5 }));
  assert.throws(() => isotropicGrid(grid, 0), { code: "usage" });
});

test("a linear ramp is resampled exactly within the image, whatever the orientation", async () => {
  const size: [number, number, number] = [12, 10, 8];
  const ramp = (p: Vec3) => 2 * p[0] - p[1] + 0.5 * p[2] + 3;
  const volume: Volume = { size, affine: AFFINE, data: new Float32Array(960), modality: null, unit: null };
  for (let k = 0, at = 0; k < 8; k++)
    for (let j = 0; j < 10; j++)
      for (let i = 0; i < 12; i++) volume.data[at++] = ramp(applyToPoint(AFFINE, [i, j, k]));
  const target = isotropicGrid({ size, affine: AFFINE }, 1.3);
  const out = await resampleVolume(volume, target);
  const toInput = multiply(invert(AFFINE), target.affine);
  let inside = 0;
  const random = new RandomStream(3, "scan.grid");
  for (let draw = 0; draw < 500; draw++) {
    const index = target.size.map((n, a) => random.integer(n, draw, a)) as unknown as Vec3;
    const at = applyToPoint(toInput, index);
    if (at.some((v, a) => v < 0 || v > size[a]! - 1)) continue;
    inside++;
    const value = out.data[index[0] + target.size[0] * (index[1] + target.size[1] * index[2])]!;
    assertClose(value, ramp(applyToPoint(target.affine, index)), { absolute: 1e-3 });
  }
  assert.ok(inside > 100);
});

test("beyond a CT lies air, beyond other images 0", async () => {
  const volume = volumeOf([2, 2, 2], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const far: Grid = { size: [1, 1, 1], affine: [1, 0, 0, 99, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] };
  assert.equal((await resampleVolume(volume, far)).data[0], -1024);
  assert.equal((await resampleVolume({ ...volume, unit: null }, far)).data[0], 0);
});

const block = (size: [number, number, number], affine: Affine) => ({
  size,
  affine,
  data: Uint8Array.from({ length: size[0] * size[1] * size[2] }, (_, i) => (i % 5) + 1),
});
const UNIT: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

test("labels on a turned or cropped grid come over voxel by voxel", async () => {
  const labels = block([6, 5, 4], UNIT);
  const turned = reorient(labels, "LPI");
  const { labels: back, warnings } = await labelsToGrid(turned, labels);
  assert.deepEqual(back.data, labels.data);
  assert.equal(warnings.length, 1);
  const same = await labelsToGrid(labels, { size: [6, 5, 4], affine: UNIT });
  assert.deepEqual([same.labels.data, same.warnings], [labels.data, []]);
  const part = crop(labels, { min: [2, 1, 1], max: [5, 4, 3] });
  const whole = await labelsToGrid(part, labels);
  assert.equal(whole.labels.data[0], 0);
  assert.equal(whole.labels.data[2 + 6 * (1 + 5 * 1)], labels.data[2 + 6 * (1 + 5 * 1)]);
});

test("labels of another spacing keep their volume", async () => {
  const size: [number, number, number] = [20, 20, 20];
  const data = new Uint16Array(8000);
  for (let k = 0, at = 0; k < 20; k++)
    for (let j = 0; j < 20; j++)
      for (let i = 0; i < 20; i++, at++) if (Math.hypot(i - 9.5, j - 9.5, k - 9.5) < 7) data[at] = 300;
  const labels = { size, affine: UNIT, data };
  const target = isotropicGrid(labels, 0.7);
  const out = await resampleLabelMap(labels, target);
  const volume = (values: Uint16Array, spacing: number) =>
    values.reduce((n, v) => n + (v === 300 ? 1 : 0), 0) * spacing ** 3;
  assertClose(volume(out.data, 0.7), volume(data, 1), { relative: 0.03 });
});

test("labels that lie elsewhere are refused in a sentence", async () => {
  const labels = block([6, 5, 4], [1, 0, 0, 500, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  await assert.rejects(labelsToGrid(labels, { size: [6, 5, 4], affine: UNIT }), (error: Error) => {
    assert.match(error.message, /share no space/);
    return (error as Error & { code: string }).code === "input.frames";
  });
  const partly = block([6, 5, 4], [1, 0, 0, 4, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  await assert.rejects(labelsToGrid(partly, { size: [6, 5, 5], affine: UNIT }), { code: "input.frames" });
  assertClose(sharedFraction(partly, { size: [6, 5, 4], affine: UNIT }), 2 / 6, { absolute: 1e-12 });
});
