import assert from "node:assert/strict";
import { test } from "node:test";
import type { Size3 } from "@viscera/core";
import { drawMeshes, VIEWS } from "./mesh-picture.js";
import { PLANES } from "./planes.js";
import { drawSlice, paletteOf, richestSlice, sliceOutlines } from "./slice-image.js";
import { sphere } from "./testing/small-case.js";
import { windowsFor } from "./windows.js";

test("the window maps level to mid-grey and tints labelled voxels only", () => {
  const source = {
    size: [4, 1, 1] as Size3,
    image: { data: Int16Array.of(-160, 40, 240, 5000), slope: 1, intercept: 0 },
    labels: Uint16Array.of(0, 0, 0, 1),
    palette: paletteOf(["#ff0000"]),
  };
  const window = { title: "", level: 40, width: 400 };
  const { rgba } = drawSlice(source, PLANES.axial, 0, window, 0.5);
  // Screen order runs from the patient's right, the highest index.
  assert.deepEqual([...rgba.subarray(0, 4)], [255, 128, 128, 255]);
  assert.deepEqual([rgba[4], rgba[8], rgba[12]], [255, 127, 0]);
  const shown = drawSlice(source, PLANES.axial, 0, window, 0.5, [false, true]).rgba;
  assert.deepEqual([...shown.subarray(0, 3)], [255, 255, 255]);
});

test("outlines are closed and enclose about the labelled area", () => {
  const size: Size3 = [40, 40, 1];
  const labels = new Uint16Array(1600);
  for (let y = 0; y < 40; y++)
    for (let x = 0; x < 40; x++) {
      if (Math.hypot(x - 20, y - 20) < 14) labels[x + 40 * y] = x < 20 ? 1 : 2;
      if (x < 3 && y < 3) labels[x + 40 * y] = 3;
    }
  for (const [label, segments] of sliceOutlines(size, labels, PLANES.axial, 0)) {
    const ends = new Map<string, number>();
    for (let i = 0; i < segments.length; i += 2) {
      const key = `${segments[i]},${segments[i + 1]}`;
      ends.set(key, (ends.get(key) ?? 0) + 1);
    }
    for (const [key, count] of ends) assert.equal(count % 2, 0, `label ${label} is open at ${key}`);
    // Even-odd area by counting voxel centres whose leftward ray crosses the outline an odd number of times.
    let inside = 0;
    for (let row = 0; row < 40; row++)
      for (let column = 0; column < 40; column++) {
        let crossings = 0;
        const [px, py] = [column + 0.5, row + 0.501];
        for (let i = 0; i < segments.length; i += 4) {
          const [x0, y0, x1, y1] = segments.slice(i, i + 4) as [number, number, number, number];
          if (y0 > py !== y1 > py && x0 + ((py - y0) / (y1 - y0)) * (x1 - x0) < px) crossings++;
        }
        inside += crossings % 2;
      }
    assert.equal(inside, labels.filter((value) => value === label).length);
  }
});

test("the first view shows a slice with most structures, not the image's edge", () => {
  const size: Size3 = [6, 6, 20];
  const labels = new Uint16Array(720);
  for (let z = 2; z < 19; z++) labels[z * 36] = 1;
  for (const z of [2, 9, 10]) labels[z * 36 + 5] = 2;
  labels[2 * 36 + 7] = 3;
  assert.equal(richestSlice(size, labels, PLANES.axial), 10);
  assert.equal(richestSlice(size, null, PLANES.axial), 10);
  assert.equal(richestSlice(size, new Uint16Array(720), PLANES.axial), 10);
});

test("CT has fixed windows, other images windows by percentiles", () => {
  const data = Int16Array.from({ length: 10_000 }, (_, i) => (i < 5000 ? 0 : (i - 5000) / 5));
  const image = { data, slope: 0.5, intercept: 10 };
  assert.deepEqual(
    windowsFor({ modality: "CT", unit: "HU" }, image).map(({ title, level, width }) => [title, level, width]),
    [
      ["Soft tissue", 40, 400],
      ["Lung", -600, 1500],
      ["Bone", 400, 1800],
    ],
  );
  const [standard, , full] = windowsFor({ modality: "MR", unit: null }, image);
  assert.ok(Math.abs(standard!.level + standard!.width / 2 - 505) < 6);
  assert.ok(Math.abs(full!.level - full!.width / 2 - 10) < 1e-6);
  const flat = windowsFor(
    { modality: "MR", unit: null },
    { data: new Int16Array(9), slope: 1, intercept: 3 },
  );
  for (const { level, width } of flat) assert.ok(Number.isFinite(level) && width > 0);
});

test("still views of surfaces: right is on the left from the front, nearer parts cover farther ones", () => {
  const parts = [
    { mesh: sphere([60, 0, 0], 20, 24), color: "#ff0000" },
    { mesh: sphere([-60, 0, 0], 20, 24), color: "#00ff00" },
    { mesh: sphere([-60, 60, 0], 10, 24), color: "#0000ff" },
  ];
  const at = (view: keyof typeof VIEWS, fx: number) => {
    const { width, height, rgba } = drawMeshes(parts, VIEWS[view], 200);
    const i = 4 * (Math.floor(height / 2) * width + Math.floor(fx * width));
    return [rgba[i], rgba[i + 1], rgba[i + 2], rgba[i + 3]];
  };
  const strongest = (pixel: (number | undefined)[]) =>
    pixel.slice(0, 3).indexOf(Math.max(...(pixel.slice(0, 3) as number[])));
  assert.equal(strongest(at("anterior", 20 / 160)), 0);
  assert.equal(strongest(at("anterior", 140 / 160)), 2, "the small sphere lies in front");
  assert.equal(at("anterior", 0.5)[3], 0, "the ground is transparent");
  assert.equal(strongest(at("posterior", 20 / 160)), 1);
  assert.equal(strongest(at("left", 0.75)), 1);
});
