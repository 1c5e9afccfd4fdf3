import assert from "node:assert/strict";
import { test } from "node:test";
import {
  affineOf,
  applyToPoint,
  axesOf,
  determinant,
  flipRasLps,
  IDENTITY,
  invert,
  isSingular,
  multiply,
  orientationOf,
  RandomStream,
  sameGrid,
  spacingOf,
} from "./index.js";

const oblique = [0.9, -0.2, 0.4, 12, 0.3, 1.8, -0.1, -40, -0.25, 0.1, 2.9, 7, 0, 0, 0, 1];

test("an affine times its inverse is the identity", () => {
  const random = new RandomStream(7, "frames.test");
  for (let trial = 0; trial < 50; trial++) {
    const m = IDENTITY.map((v, i) => (i < 12 ? v * 2 + random.uniform(trial, i) - 0.5 : v));
    const product = multiply(m, invert(m));
    product.forEach((v, i) => assert.ok(Math.abs(v - IDENTITY[i]!) < 1e-12));
  }
});

test("orientation codes name the direction of growth", () => {
  assert.equal(orientationOf(IDENTITY), "RAS");
  assert.equal(orientationOf(flipRasLps(IDENTITY)), "LPS");
  assert.equal(orientationOf([0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 1]), "PIR");
  assert.equal(orientationOf(oblique), "RAS");
});

test("axes are assigned one to one even when two voxel axes lean to one world axis", () => {
  const c = Math.SQRT1_2;
  const worlds = axesOf([c, c, 0, 0, c, -c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]).map((axis) => axis.world);
  assert.deepEqual([...worlds].sort(), [0, 1, 2]);
});

test("spacing and voxel volume come from the columns", () => {
  const m = affineOf([0.7, 0.8, 5], [1, 2, 3]);
  assert.deepEqual(spacingOf(m), [0.7, 0.8, 5]);
  assert.ok(Math.abs(determinant(m) - 2.8) < 1e-12);
  assert.deepEqual(applyToPoint(m, [0, 0, 0]), [1, 2, 3]);
});

test("singular and non-finite affines are recognised", () => {
  assert.ok(isSingular([1, 2, 0, 0, 2, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]));
  assert.ok(isSingular([Number.NaN, ...IDENTITY.slice(1)]));
  assert.ok(isSingular(affineOf([0, 0, 0])));
  assert.ok(!isSingular(affineOf([1e-3, 1e-3, 1e-3])));
});

test("grids are compared where their corners lie", () => {
  const grid = { size: [100, 100, 100] as const, affine: IDENTITY };
  assert.ok(sameGrid(grid, { ...grid, affine: affineOf([1.00001, 1, 1]) }));
  assert.ok(!sameGrid(grid, { ...grid, affine: affineOf([1.001, 1, 1]) }));
  assert.ok(!sameGrid(grid, { ...grid, size: [100, 100, 99] }));
});
