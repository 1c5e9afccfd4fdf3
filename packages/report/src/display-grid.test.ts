import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Affine,
  applyToPoint,
  type LabelMap,
  RandomStream,
  type Size3,
  type Volume,
} from "@viscera/core";
import { displayGridOf, displayImageOf, displayLabelsOf } from "./display-grid.js";
import { PLANES, screenOf, sliceWalk, voxelAt } from "./planes.js";
import { drawSlice, paletteOf } from "./slice-image.js";

const SPACING = [1.5, 2, 4] as const;
const PERMUTATIONS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Affine whose voxel axis `i` runs along world axis `order[i]` with `signs[i]`, then turned about z and x. */
function orientedAffine(order: readonly number[], signs: readonly number[], degrees: number): Affine {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const turn = [
    [c, -s, 0],
    [s * c, c * c, -s],
    [s * s, c * s, c],
  ];
  const m = new Array<number>(16).fill(0);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++)
      m[row * 4 + column] = turn[row]![order[column]!]! * signs[column]! * SPACING[column]!;
    m[row * 4 + 3] = [11, -7, 23][row]!;
  }
  m[15] = 1;
  return m;
}

function* orientations(degrees: number): Generator<Affine> {
  for (const order of PERMUTATIONS)
    for (let bits = 0; bits < 8; bits++)
      yield orientedAffine(order, [bits & 1 ? -1 : 1, bits & 2 ? -1 : 1, bits & 4 ? -1 : 1], degrees);
}

const SIZE: Size3 = [6, 7, 8];

function scanOf(affine: Affine): Volume {
  const stream = new RandomStream(7, "report.test");
  const data = Int16Array.from({ length: 6 * 7 * 8 }, (_, i) => stream.integer(3000, i) - 1000);
  return { size: SIZE, affine, data, modality: "CT", unit: "HU" };
}

test("every voxel keeps its value and its place in the world under all 48 axis orders and flips", () => {
  for (const degrees of [0, 25])
    for (const affine of orientations(degrees)) {
      const scan = scanOf(affine);
      const grid = displayGridOf(scan);
      const image = displayImageOf(scan, grid);
      const byPlace = new Map<string, number>();
      const key = (affineOf: Affine, i: number, j: number, k: number) =>
        applyToPoint(affineOf, [i, j, k])
          .map((mm) => Math.round(mm * 100))
          .join();
      for (let k = 0, at = 0; k < 8; k++)
        for (let j = 0; j < 7; j++)
          for (let i = 0; i < 6; i++, at++) byPlace.set(key(affine, i, j, k), scan.data[at]!);
      const [nx, ny, nz] = grid.size;
      for (let z = 0, at = 0; z < nz; z++)
        for (let y = 0; y < ny; y++)
          for (let x = 0; x < nx; x++, at++)
            assert.equal(
              image.slope * image.data[at]! + image.intercept,
              byPlace.get(key(grid.affine, x, y, z)),
            );
      // Display axes run right, anterior, superior.
      for (let axis = 0; axis < 3; axis++) assert.ok(grid.affine[axis * 5]! > 0);
    }
});

test("the patient's right is on the left of axial and coronal views, anterior up or left, superior up", () => {
  for (const degrees of [0, 25])
    for (const affine of orientations(degrees)) {
      // One labelled voxel far to the right, anterior and superior: the grid corner with that world position.
      let best: { at: number; sum: number } = { at: 0, sum: Number.NEGATIVE_INFINITY };
      for (const i of [0, 5])
        for (const j of [0, 6])
          for (const k of [0, 7]) {
            const [x, y, z] = applyToPoint(affine, [i, j, k]);
            if (x + y + z > best.sum) best = { at: i + 6 * (j + 7 * k), sum: x + y + z };
          }
      const labels: LabelMap = { size: SIZE, affine, data: new Uint8Array(6 * 7 * 8), labels: [] };
      labels.data[best.at] = 9;
      const grid = displayGridOf(labels);
      const numbers = displayLabelsOf(labels, grid, [4, 9]);
      assert.equal(numbers.filter((n) => n === 2).length, 1);
      const source = {
        size: grid.size,
        image: null,
        labels: numbers,
        palette: paletteOf(["#000000", "#ff0000"]),
      };
      const last = grid.size.map((n) => n - 1);
      for (const plane of Object.values(PLANES)) {
        const picture = drawSlice(source, plane, last[plane.through]!, { title: "", level: 0, width: 1 }, 1);
        assert.equal(picture.rgba[0], 255, `${plane.name}: expected at the top left corner`);
        assert.equal(picture.width, grid.size[plane.across]);
      }
      assert.deepEqual(PLANES.axial.marks, { left: "R", right: "L", top: "A", bottom: "P" });
      assert.deepEqual(PLANES.coronal.marks, { left: "R", right: "L", top: "S", bottom: "I" });
      assert.deepEqual(PLANES.sagittal.marks, { left: "A", right: "P", top: "S", bottom: "I" });
    }
});

test("screen positions and voxels are each other's inverse", () => {
  const size: Size3 = [5, 6, 7];
  for (const plane of Object.values(PLANES))
    for (let n = 0; n < size[0] * size[1] * size[2]; n++) {
      const voxel: [number, number, number] = [n % 5, Math.floor(n / 5) % 6, Math.floor(n / 30)];
      const [x, y] = screenOf(size, plane, voxel);
      assert.deepEqual(voxelAt(size, plane, voxel[plane.through], x, y), voxel);
      const walk = sliceWalk(size, plane, voxel[plane.through]);
      const at =
        walk.start +
        Math.floor(x * walk.width) * walk.stepAcross +
        Math.floor(y * walk.height) * walk.stepDown;
      assert.equal(at, voxel[0] + 5 * (voxel[1] + 6 * voxel[2]));
    }
});

test("too many voxels are averaged in blocks; the world box stays", () => {
  const size: Size3 = [31, 40, 9];
  const data = Float32Array.from({ length: 31 * 40 * 9 }, (_, i) => (i % 31) * 100);
  data[5] = Number.NaN;
  const scan: Volume = {
    size,
    affine: [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1],
    data,
    modality: "MR",
    unit: null,
  };
  const grid = displayGridOf(scan, 2000);
  assert.ok(grid.size[0] * grid.size[1] * grid.size[2] <= 2000);
  assert.equal(grid.size[2], 9, "the coarse axis is kept");
  const image = displayImageOf(scan, grid);
  const factor = grid.source[0]!.factor;
  // Display x = 0 holds the last source columns; the source value is linear in x, so is the mean.
  for (let x = 0; x + 1 < grid.size[0]; x++) {
    const centre = grid.affine[3]! + x * grid.affine[0]!;
    const value = image.intercept + image.slope * image.data[x + grid.size[0]]!;
    if ((x + 1) * factor <= 31) assert.ok(Math.abs(value - -centre * 100) < 1, `${value} at ${centre}`);
  }
});
