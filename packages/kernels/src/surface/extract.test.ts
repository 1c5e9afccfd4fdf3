import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3 } from "@viscera/core";
import { decimate } from "./decimate.js";
import { extractLabelSurfaces } from "./extract.js";
import { labelTriangles, triangulate } from "./patches.js";
import { findPieces } from "./pieces.js";
import { smoothSurfaces } from "./smooth.js";
import { makeBlocky, vertexBounds } from "./vertex-bounds.js";
import { correctVolumes, pieceVolumes } from "./volumes.js";

/** Every directed edge once and its opposite once, after vertices at equal float32 positions are merged. */
function assertWatertight(positions: Float32Array, triangles: Uint32Array, what: string): void {
  const merged = new Map<string, number>();
  const number = (v: number): number => {
    const key = positions.subarray(3 * v, 3 * v + 3).join();
    if (!merged.has(key)) merged.set(key, merged.size);
    return merged.get(key)!;
  };
  const corners = Array.from(triangles, number);
  const seen = new Set<number>();
  const key = (a: number, b: number): number => a * merged.size + b;
  for (let t = 0; t < corners.length; t += 3)
    for (let k = 0; k < 3; k++) {
      const edge = key(corners[t + k]!, corners[t + ((k + 1) % 3)]!);
      assert.ok(!seen.has(edge), `${what}: a directed edge occurs twice`);
      seen.add(edge);
    }
  for (const edge of seen) {
    const [a, b] = [Math.floor(edge / merged.size), edge % merged.size];
    assert.ok(a !== b && seen.has(key(b, a)), `${what}: an edge is open`);
  }
}

/** Extraction, smoothing and volume correction; checks every label before and after. */
function checkAll(data: Uint8Array, size: Size3, what: string, tiny = 8): void {
  const surfaces = extractLabelSurfaces(data, size);
  const pieces = findPieces(surfaces);
  const labels = [...new Set(data)].filter((label) => label > 0);
  for (const label of labels) {
    const voxels = data.reduce((sum, v) => sum + (v === label ? 1 : 0), 0);
    const enclosed = pieces.voxels.reduce((sum, v, i) => sum + (pieces.label[i] === label ? v : 0), 0);
    assert.equal(enclosed, voxels, `${what}: blocky volume of label ${label}`);
  }
  const check = (stage: string): void => {
    const patches = triangulate(surfaces, pieces);
    for (const label of labels)
      assertWatertight(
        surfaces.positions,
        labelTriangles(patches, pieces, label),
        `${what}, ${stage}, ${label}`,
      );
  };
  check("as extracted");
  const bounds = vertexBounds(surfaces, makeBlocky(surfaces, pieces, tiny));
  check("small pieces blocky");
  smoothSurfaces(surfaces, bounds);
  check("smooth");
  const patches = triangulate(surfaces, pieces);
  correctVolumes(surfaces.positions, patches, pieces.voxels, bounds);
  for (const label of labels)
    assertWatertight(
      surfaces.positions,
      labelTriangles(patches, pieces, label),
      `${what}, corrected, ${label}`,
    );
  const few = decimate(surfaces.positions, patches, bounds.fixed, 0.3);
  for (const label of labels)
    assertWatertight(surfaces.positions, labelTriangles(few, pieces, label), `${what}, decimated, ${label}`);
}

test("random labels, most of them ambiguous: every label is watertight at every stage", () => {
  const random = new RandomStream(7, "kernels.test.extract");
  for (let draw = 0; draw < 300; draw++) {
    const size: Size3 = [2 + random.integer(4, draw, 900), 2 + random.integer(4, draw, 901), 5];
    const labels = 2 + random.integer(5, draw, 902);
    const data = Uint8Array.from({ length: size[0] * size[1] * size[2] }, (_, i) =>
      random.integer(labels, draw, i),
    );
    checkAll(data, size, `draw ${draw}`, draw % 2 ? 8 : 0);
  }
});

test("all 2x2x2 blocks of up to three labels within background", () => {
  for (let code = 0; code < 3 ** 8; code++) {
    const data = new Uint8Array(64);
    for (let corner = 0, rest = code; corner < 8; corner++, rest = Math.floor(rest / 3))
      data[21 + (corner & 1) + 4 * ((corner >> 1) & 1) + 16 * (corner >> 2)] = rest % 3;
    const surfaces = extractLabelSurfaces(data, [4, 4, 4]);
    const pieces = findPieces(surfaces);
    const patches = triangulate(surfaces, pieces);
    for (const label of [1, 2])
      assertWatertight(surfaces.positions, labelTriangles(patches, pieces, label), `block ${code}`);
  }
});

test("checkerboards of two and three labels", () => {
  for (const labels of [2, 3]) {
    const data = Uint8Array.from({ length: 216 }, (_, i) => {
      const sum = (i % 6) + (Math.floor(i / 6) % 6) + Math.floor(i / 36);
      return sum % labels;
    });
    checkAll(data, [6, 6, 6], `checkerboard of ${labels}`);
    checkAll(data, [6, 6, 6], `checkerboard of ${labels}, smooth`, 0);
  }
});

test("an image full of one label is a box to the outer voxel faces, also after smoothing", () => {
  const surfaces = extractLabelSurfaces(new Uint8Array(60).fill(3), [3, 4, 5]);
  const pieces = findPieces(surfaces);
  const bounds = vertexBounds(surfaces, makeBlocky(surfaces, pieces, 8));
  smoothSurfaces(surfaces, bounds);
  const patches = triangulate(surfaces, pieces);
  assert.ok(patches.isCap.every((cap) => cap === 1));
  const volume = pieceVolumes(surfaces.positions, patches, pieces.label.length)[1]!;
  assert.ok(Math.abs(volume - 60) < 1e-4);
});

test("a lump that is cut by the image keeps a flat cap on the outer voxel face", () => {
  const size: Size3 = [16, 16, 9];
  const data = new Uint8Array(16 * 16 * 9);
  for (let z = 0, i = 0; z < 9; z++)
    for (let y = 0; y < 16; y++)
      for (let x = 0; x < 16; x++, i++) data[i] = Math.hypot(x - 7.5, y - 7.5, z - 1) < 6 ? 1 : 0;
  checkAll(data, size, "cut ball");
  const surfaces = extractLabelSurfaces(data, size);
  const pieces = findPieces(surfaces);
  const bounds = vertexBounds(surfaces, new Uint8Array(surfaces.kind.length));
  smoothSurfaces(surfaces, bounds);
  const patches = triangulate(surfaces, pieces);
  const volumes = correctVolumes(surfaces.positions, patches, pieces.voxels, bounds);
  assert.ok(Math.abs(volumes[1]! / pieces.voxels[1]! - 1) < 1e-3);
  const cap = patches.isCap.indexOf(1);
  for (let i = 3 * patches.start[cap]!; i < 3 * patches.start[cap + 1]!; i++)
    assert.equal(surfaces.positions[3 * patches.triangles[i]! + 2], -0.5);
});
