import assert from "node:assert/strict";
import { test } from "node:test";
import { affineOf, applyToPoint, type Grid, orientationOf, spacingOf, type Volume } from "@viscera/core";
import { conform, conformedGrid, isConformed } from "@viscera/segment";
import { robustScale } from "./conform.js";
import { respacedGrid } from "./prepare.js";

const FREESURFER = { size: [256, 256, 256], spacingMm: [1, 1, 1], orientation: "LIA" } as const;
const volume = (grid: Grid, data: Volume["data"]): Volume => ({ ...grid, data, modality: "MR", unit: null });

test("the conformed grid is LIA at 1 mm and keeps the centre of the field of view", () => {
  const grid = { size: [180, 200, 90], affine: affineOf([1.2, 0.9, 2], [-100, -80, 5]) } as const;
  const out = conformedGrid(grid, FREESURFER);
  assert.equal(orientationOf(out.affine), "LIA");
  assert.deepEqual(spacingOf(out.affine), [1, 1, 1]);
  const centre = applyToPoint(out.affine, [128, 128, 128]);
  const expected = applyToPoint(grid.affine, [90, 100, 45]);
  centre.forEach((value, axis) => assert.ok(Math.abs(value - expected[axis]!) < 1e-9));
  // i runs to the left, j down, k to the front.
  const origin = applyToPoint(out.affine, [0, 0, 0]);
  const moved = [
    applyToPoint(out.affine, [1, 0, 0])[0],
    applyToPoint(out.affine, [0, 1, 0])[2],
    applyToPoint(out.affine, [0, 0, 1])[1],
  ];
  assert.deepEqual(moved, [origin[0] - 1, origin[2] - 1, origin[1] + 1]);
});

test("a conformed 8-bit volume stays as it is", async () => {
  const small = { size: [4, 4, 4], spacingMm: [1, 1, 1], orientation: "LIA" } as const;
  const grid = conformedGrid({ size: [4, 4, 4], affine: affineOf([1, 1, 1]) }, small);
  const scan = volume(
    grid,
    Uint8Array.from({ length: 64 }, (_, i) => i),
  );
  assert.ok(isConformed(scan, small));
  assert.equal(await conform(scan, small), scan);
  assert.ok(!isConformed({ ...grid, affine: affineOf([1, 1, 1]) }, small));
});

test("a volume of other axes arrives voxel by voxel where the grids' voxels coincide", async () => {
  const small = { size: [6, 6, 6], spacingMm: [1, 1, 1], orientation: "LIA" } as const;
  const scan = volume(
    { size: [6, 6, 6], affine: affineOf([1, 1, 1], [10, 20, 30]) },
    Uint8Array.from({ length: 216 }, (_, i) => i),
  );
  const out = await conform(scan, small);
  let compared = 0;
  for (let k = 0; k < 6; k++)
    for (let j = 0; j < 6; j++)
      for (let i = 0; i < 6; i++) {
        const [x, y, z] = applyToPoint(out.affine, [i, j, k]).map((w, axis) => w - [10, 20, 30][axis]!);
        if ([x!, y!, z!].some((n) => n < 0 || n > 5)) continue;
        assert.equal(out.data[i + 6 * (j + 6 * k)], x! + 6 * (y! + 6 * z!));
        compared++;
      }
  // The centre at half the size lies between voxels, so one layer of two axes falls outside.
  assert.equal(compared, 6 * 5 * 5);
});

test("intensities run from the minimum to the 99.9th percentile of the histogram", () => {
  // 100000 voxels 1..1000 equally often and a few far brighter ones.
  const data = Float32Array.from({ length: 100000 }, (_, i) => (i % 1000) + 1);
  data.fill(10000, 0, 20);
  const { low, scale } = robustScale(data, 1, 10000);
  assert.equal(low, 1);
  const top = 255 / scale + low;
  assert.ok(top > 980 && top < 1010, `${top}`);
  assert.deepEqual(robustScale(new Float32Array(10), 0, 0), { low: 0, scale: 1 });
});

test("another spacing keeps the box", () => {
  const grid = { size: [100, 50, 30], affine: affineOf([0.8, 0.8, 3], [5, 6, 7]) } as const;
  const out = respacedGrid(grid, [1.5, 1.5, 1.5])!;
  assert.deepEqual(out.size, [53, 27, 60]);
  for (const corner of [0, 1]) {
    const edge = (g: Grid) =>
      applyToPoint(g.affine, g.size.map((n) => corner * n - 0.5) as unknown as [number, number, number]);
    edge(out).forEach((value, axis) => assert.ok(Math.abs(value - edge(grid)[axis]!) < 1e-9));
  }
  assert.equal(respacedGrid(grid, [0.8, 0.8, 3]), null);
});
