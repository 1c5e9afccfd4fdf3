import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import {
  type Affine,
  affineOf,
  applyToPoint,
  determinant,
  IDENTITY,
  type LabelMap,
  RandomStream,
  type Size3,
  VisceraError,
} from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { buildSurfaces, type OrganSurface } from "./build-surfaces.js";
import { meshAreaMm2, meshVolumeMm3 } from "./mesh-measures.js";
import { isWatertight } from "./watertight.js";

function labelMap(
  size: Size3,
  affine: Affine,
  labelAt: (i: number, j: number, k: number) => number,
): LabelMap {
  const data = new Uint16Array(size[0] * size[1] * size[2]);
  for (let k = 0, v = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) for (let i = 0; i < size[0]; i++, v++) data[v] = labelAt(i, j, k);
  return { data, size, affine, labels: [] };
}

function ball(radiusMm: number, spacingMm: [number, number, number]): LabelMap {
  const size = spacingMm.map((s) => 2 * Math.ceil(radiusMm / s) + 5) as [number, number, number];
  const centre = size.map((n) => (n - 1) / 2 + 0.2);
  return labelMap(size, affineOf(spacingMm), (...at) =>
    Math.hypot(...at.map((x, a) => (x - centre[a]!) * spacingMm[a]!)) < radiusMm ? 1 : 0,
  );
}

/** Watertight, and enclosing the voxels' volume: to 1 % from 1000 voxels on, 5 % below. */
function assertGood(surfaces: OrganSurface[], affine: Affine): void {
  for (const { id, mesh, voxels, volumeMl } of surfaces) {
    assert.ok(isWatertight(mesh), `structure ${id} is not watertight`);
    const expected = (voxels * Math.abs(determinant(affine))) / 1000;
    assertClose(volumeMl, expected, { relative: voxels < 1000 ? 0.05 : 0.01 }, `volume of structure ${id}`);
  }
}

test("a ball: radius to 0.6 voxel everywhere, area within 2 %, at equal and unequal spacing", async () => {
  for (const spacing of [
    [1, 1, 1],
    [0.8, 0.8, 2.5],
  ] as [number, number, number][]) {
    const image = ball(16, spacing);
    const surfaces = await buildSurfaces(image);
    assertGood(surfaces, image.affine);
    const { positions } = surfaces[0]!.mesh;
    const centre = image.size.map((n, a) => ((n - 1) / 2 + 0.2) * spacing[a]!);
    for (let v = 0; v < positions.length; v += 3) {
      const radius = Math.hypot(...centre.map((c, a) => positions[v + a]! - c));
      assertClose(radius, 16, { absolute: 0.6 * Math.max(...spacing) });
    }
    assertClose(meshAreaMm2(surfaces[0]!.mesh), 4 * Math.PI * 16 ** 2, { relative: 0.02 });
  }
});

test("two boxes that touch share their face exactly, with opposite winding", async () => {
  const image = labelMap([20, 12, 12], affineOf([1, 2, 1]), (i, j, k) =>
    j < 2 || j > 9 || k < 2 || k > 9 || i < 2 || i > 17 ? 0 : i < 9 ? 1 : 2,
  );
  const surfaces = await buildSurfaces(image);
  assertGood(surfaces, image.affine);
  const triangleKeys = ({ mesh }: OrganSurface, reverse: boolean): Set<string> => {
    const keys = new Set<string>();
    for (let t = 0; t < mesh.indices.length; t += 3) {
      const corners = [...mesh.indices.subarray(t, t + 3)].map((v) =>
        mesh.positions.subarray(3 * v, 3 * v + 3).join(" "),
      );
      if (reverse) corners.reverse();
      const first = corners.indexOf([...corners].sort()[0]!);
      keys.add([0, 1, 2].map((i) => corners[(first + i) % 3]).join("|"));
    }
    return keys;
  };
  const own = triangleKeys(surfaces[0]!, false);
  const shared = [...triangleKeys(surfaces[1]!, true)].filter((key) => own.has(key));
  assert.ok(shared.length > 4);
  // What the two share is their whole contact: together they enclose both, and the rest is the union's hull.
  const onContact = [...own].filter((key) =>
    key.split("|").every((p) => Math.abs(Number(p.split(" ")[0]) - 8.5) < 0.1),
  );
  assert.ok(onContact.length > 0 && onContact.every((key) => shared.includes(key)));
});

test("caps are flat on the outer voxel face, and flagged", async () => {
  const image = labelMap([20, 20, 8], IDENTITY, (i, j, k) => (Math.hypot(i - 9, j - 9, k) < 7 ? 4 : 0));
  const [surface] = await buildSurfaces(image);
  assertGood([surface!], IDENTITY);
  assert.ok(surface!.capped);
  const { positions, indices } = surface!.mesh;
  assert.equal(Math.min(...positions.filter((_, i) => i % 3 === 2)), -0.5);
  let capArea = 0;
  for (let t = 0; t < indices.length; t += 3) {
    const [a, b, c] = [...indices.subarray(t, t + 3)].map((v) => [...positions.subarray(3 * v, 3 * v + 3)]);
    if ([a, b, c].some((p) => p![2] !== -0.5)) continue;
    capArea += ((b![0]! - a![0]!) * (c![1]! - a![1]!) - (b![1]! - a![1]!) * (c![0]! - a![0]!)) / 2;
  }
  // Normals of the cap point out of the image, so the area counts negative seen from above.
  assertClose(-capArea, 145, { relative: 0.04 });
});

test("one label touching the border on all sides is the image's box", async () => {
  const image = labelMap([4, 5, 6], affineOf([1, 2, 3]), () => 9);
  const [surface] = await buildSurfaces(image);
  assert.ok(surface!.capped && isWatertight(surface!.mesh));
  assertClose(meshVolumeMm3(surface!.mesh), 4 * 5 * 6 * 6, { relative: 1e-6 });
  assertClose(meshAreaMm2(surface!.mesh), 2 * (4 * 10 + 4 * 18 + 10 * 18), { relative: 1e-6 });
});

test("an oblique and a left-handed affine give the same shape, outside out", async () => {
  const random = new RandomStream(3, "organ.test.surface");
  const image = labelMap([14, 12, 10], IDENTITY, (i, j, k) => {
    const blob = Math.hypot(i - 6, j - 5, k - 4) + 1.5 * random.uniform(i, 100 * j + k) < 5;
    return blob ? (i < 6 ? 1 : 2) : 0;
  });
  const plain = await buildSurfaces(image, { errorMm: 0 });
  const [s, c] = [Math.sin(0.4), Math.cos(0.4)];
  const oblique: Affine = [c, -s, 0, 12, s, c, 0, -30, 0, 0, 1, 500, 0, 0, 0, 1];
  const mirrored: Affine = oblique.map((value, i) => (i % 4 === 0 ? -value : value));
  for (const affine of [oblique, mirrored]) {
    const turned = await buildSurfaces({ ...image, affine }, { errorMm: 0 });
    assertGood(turned, affine);
    turned.forEach(({ mesh }, i) => {
      const source = plain[i]!.mesh.positions;
      for (let v = 0; v < source.length; v += 3)
        applyToPoint(affine, [source[v]!, source[v + 1]!, source[v + 2]!]).forEach((x, a) =>
          assertClose(mesh.positions[v + a]!, x, { absolute: 1e-4 }),
        );
    });
  }
});

test("single voxels and other pieces of fewer than 8 voxels are closed voxel surfaces; none is lost", async () => {
  const image = labelMap([12, 12, 12], IDENTITY, (i, j, k) => {
    if (i === 1 && j === 1 && k === 1) return 5;
    if (Math.hypot(i - 7, j - 7, k - 7) < 3.2) return 2;
    return i === 2 && j === 9 && k < 2 ? 2 : 0;
  });
  const surfaces = await buildSurfaces(image);
  assertGood(surfaces, IDENTITY);
  const single = surfaces.find(({ id }) => id === 5)!;
  assertClose(meshVolumeMm3(single.mesh), 1, { relative: 1e-6 });
  assertClose(meshAreaMm2(single.mesh), 6, { relative: 1e-6 });
  const both = surfaces.find(({ id }) => id === 2)!;
  assert.ok(Math.min(...both.mesh.positions) === -0.5, "the loose piece at the border is there");
});

test("decimation keeps within its error and its absence keeps all triangles", async () => {
  const image = ball(20, [1, 1, 1]);
  const [all] = await buildSurfaces(image, { errorMm: 0 });
  const [few] = await buildSurfaces(image, { errorMm: 0.2 });
  assert.ok(few!.mesh.indices.length < 0.15 * all!.mesh.indices.length);
  assertGood([all!, few!], IDENTITY);
  const centre = image.size.map((n) => (n - 1) / 2 + 0.2);
  const { positions, indices } = few!.mesh;
  for (let t = 0; t < indices.length; t += 3) {
    const middle = [0, 1, 2].map((a) =>
      [0, 1, 2].reduce((sum, k) => sum + positions[3 * indices[t + k]! + a]! / 3, 0),
    );
    assertClose(Math.hypot(...middle.map((x, a) => x - centre[a]!)), 20, { absolute: 0.35 + 0.2 });
  }
});

test("names, `only`, ids without a name, cancellation and bad input", async () => {
  const image = labelMap([8, 8, 8], IDENTITY, (i, j, k) => (Math.min(i, j, k) < 1 ? 0 : i < 4 ? 1 : 2));
  image.labels.push({ id: 2, name: "liver", snomed: null, color: "#b5651d", source: "phantom" });
  const all = await buildSurfaces(image);
  assert.deepEqual(
    all.map(({ id, name }) => [id, name]),
    [
      [1, "label_1"],
      [2, "liver"],
    ],
  );
  const [liver] = await buildSurfaces(image, { only: [2] });
  assert.deepEqual(liver, all[1]);
  assert.deepEqual(await buildSurfaces(labelMap([3, 3, 3], IDENTITY, () => 0)), []);
  const stopped = AbortSignal.abort();
  await assert.rejects(
    buildSurfaces(image, { signal: stopped }),
    (e: VisceraError) => e.code === "cancelled",
  );
  const flat = IDENTITY.map((value, i) => (i === 10 ? 0 : value));
  await assert.rejects(buildSurfaces({ ...image, affine: flat }), VisceraError);
});

testWithShared(
  "the 61 structures of the TotalSegmentator example",
  ["data/ct-totalsegmentator/example_seg_fast_force_split.nii.gz"],
  async ([path]) => {
    const bytes = gunzipSync(readFileSync(path));
    const size: Size3 = [bytes.readInt16LE(42), bytes.readInt16LE(44), bytes.readInt16LE(46)];
    const rows = [280, 284, 288, 292, 296, 300, 304, 308, 312, 316, 320, 324].map((at) =>
      bytes.readFloatLE(at),
    );
    const affine: Affine = [...rows, 0, 0, 0, 1];
    const from = bytes.readFloatLE(108);
    const data = new Uint8Array(bytes.subarray(from, from + size[0] * size[1] * size[2]));
    const surfaces = await buildSurfaces({ data, size, affine, labels: [] });
    assert.equal(surfaces.length, 61);
    assertGood(surfaces, affine);
    assertClose(surfaces.find(({ id }) => id === 5)!.volumeMl, 1125.7, { relative: 0.01 });
    for (const { id, voxels } of surfaces)
      assert.equal(
        voxels,
        data.reduce((sum, label) => sum + (label === id ? 1 : 0), 0),
      );
  },
);

testWithShared(
  "a part of the SPL abdominal atlas that cuts most of its structures, left-handed axes",
  ["data/atlases/spl-abdominal/seg.nrrd"],
  async ([path]) => {
    const file = readFileSync(path);
    const raw = gunzipSync(file.subarray(file.indexOf("\n\n") + 2));
    const [nx, ny, from, size]: [number, number, number[], Size3] = [256, 256, [70, 90, 20], [110, 90, 60]];
    const affine = affineOf([-0.9375, 0.9375, -1.5]);
    const image = labelMap(size, affine, (i, j, k) =>
      raw.readInt16LE(2 * (i + from[0]! + nx * (j + from[1]! + ny * (k + from[2]!)))),
    );
    const surfaces = await buildSurfaces(image);
    assert.ok(surfaces.length > 30 && surfaces.some(({ capped }) => capped));
    assertGood(surfaces, affine);
  },
);
