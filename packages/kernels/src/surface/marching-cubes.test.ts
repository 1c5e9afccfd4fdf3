import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { RandomStream, type Size3 } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { type IndexMesh, marchingCubes } from "./marching-cubes.js";

function areaAndVolume({ positions, indices }: IndexMesh, spacing = [1, 1, 1]): [number, number] {
  let area = 0;
  let volume = 0;
  const corner = (i: number): number[] => [0, 1, 2].map((k) => positions[3 * indices[i]! + k]! * spacing[k]!);
  for (let i = 0; i < indices.length; i += 3) {
    const [a, b, c] = [corner(i), corner(i + 1), corner(i + 2)];
    const u = b.map((v, k) => v - a[k]!);
    const w = c.map((v, k) => v - a[k]!);
    const n = [u[1]! * w[2]! - u[2]! * w[1]!, u[2]! * w[0]! - u[0]! * w[2]!, u[0]! * w[1]! - u[1]! * w[0]!];
    area += Math.hypot(...n) / 2;
    volume += (n[0]! * a[0]! + n[1]! * a[1]! + n[2]! * a[2]!) / 6;
  }
  return [area, volume];
}

/** Every directed edge once and its opposite once. */
function assertClosed({ indices }: IndexMesh): void {
  const seen = new Set<string>();
  for (let i = 0; i < indices.length; i += 3)
    for (let k = 0; k < 3; k++) {
      const edge = `${indices[i + k]}-${indices[i + ((k + 1) % 3)]}`;
      assert.ok(!seen.has(edge), `edge ${edge} occurs twice`);
      seen.add(edge);
    }
  for (const edge of seen) assert.ok(seen.has(edge.split("-").reverse().join("-")), `edge ${edge} is open`);
}

test("random masks give closed, edge-manifold surfaces", () => {
  const random = new RandomStream(1, "kernels.test.marching");
  const size: Size3 = [5, 4, 6];
  for (let draw = 0; draw < 400; draw++) {
    const fill = 0.1 + 0.8 * random.uniform(draw, 1000);
    const field = Float32Array.from({ length: 120 }, (_, i) => (random.uniform(draw, i) < fill ? 1 : 0));
    assertClosed(marchingCubes(field, size, 0.5));
  }
});

test("each of the 256 cubes gives a closed surface around a positive volume", () => {
  for (let mask = 1; mask < 256; mask++) {
    const field = Uint8Array.from({ length: 8 }, (_, corner) => (mask >> corner) & 1);
    const mesh = marchingCubes(field, [2, 2, 2], 0.5);
    assertClosed(mesh);
    assert.ok(areaAndVolume(mesh)[1] > 0);
  }
});

test("one voxel is an octahedron, a full image the box around its voxels less its edges", () => {
  const [area, volume] = areaAndVolume(marchingCubes([1], [1, 1, 1], 0.5));
  assertClose(volume, 1 / 6, { absolute: 1e-6 });
  assertClose(area, Math.sqrt(3), { absolute: 1e-6 });
  const full = marchingCubes(new Uint8Array(27).fill(1), [3, 3, 3], 0.5);
  assert.equal(Math.max(...full.positions), 2.5);
  assert.equal(Math.min(...full.positions), -0.5);
});

test("area and volume of a sphere converge", () => {
  const errors = [10, 20].map((radius) => {
    const n = 2 * radius + 6;
    const centre = n / 2 - 0.3;
    const field = new Float32Array(n ** 3);
    for (let k = 0, i = 0; k < n; k++)
      for (let j = 0; j < n; j++)
        for (let x = 0; x < n; x++, i++) field[i] = radius - Math.hypot(x - centre, j - centre, k - centre);
    const mesh = marchingCubes(field, [n, n, n], 0);
    assertClosed(mesh);
    const [area, volume] = areaAndVolume(mesh);
    return [
      Math.abs(area / (4 * Math.PI * radius ** 2) - 1),
      Math.abs(volume / ((4 / 3) * Math.PI * radius ** 3) - 1),
    ];
  });
  for (const k of [0, 1]) {
    assert.ok(errors[0]![k]! < 0.006);
    assert.ok(errors[1]![k]! < errors[0]![k]! / 3, "second order");
  }
});

testWithShared(
  "IBSI digital phantom: mesh volume 556 +- 4 mm3, area 388 +- 3 mm2",
  ["data/phantoms/ibsi/ibsi_1_digital_phantom/nifti/mask/mask.nii.gz"],
  ([path]) => {
    const bytes = gunzipSync(readFileSync(path));
    const size: Size3 = [bytes.readInt16LE(42), bytes.readInt16LE(44), bytes.readInt16LE(46)];
    const spacing = [80, 84, 88].map((at) => bytes.readFloatLE(at));
    const [type, start] = [bytes.readInt16LE(70), bytes.readFloatLE(108)];
    const count = size[0] * size[1] * size[2];
    const mask = Uint8Array.from({ length: count }, (_, i) => {
      if (type === 2) return bytes[start + i]!;
      if (type === 4) return bytes.readInt16LE(start + 2 * i);
      return bytes.readInt32LE(start + 4 * i);
    });
    const [area, volume] = areaAndVolume(marchingCubes(mask, size, 0.5), spacing);
    assertClose(volume, 556, { absolute: 4 });
    assertClose(area, 388, { absolute: 3 });
  },
);
