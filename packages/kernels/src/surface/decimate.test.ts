import assert from "node:assert/strict";
import { test } from "node:test";
import { decimate } from "./decimate.js";
import { extractLabelSurfaces } from "./extract.js";
import { labelTriangles, triangulate } from "./patches.js";
import { findPieces } from "./pieces.js";
import { smoothSurfaces } from "./smooth.js";
import { vertexBounds } from "./vertex-bounds.js";
import { correctVolumes } from "./volumes.js";

/** A smooth ball of radius 14 in two halves, as patches. */
function ball() {
  const n = 34;
  const data = new Uint8Array(n ** 3);
  for (let k = 0, v = 0; k < n; k++)
    for (let j = 0; j < n; j++)
      for (let i = 0; i < n; i++, v++)
        if (Math.hypot(i - 16.3, j - 16.3, k - 16.3) < 14) data[v] = i < 16 ? 1 : 2;
  const surfaces = extractLabelSurfaces(data, [n, n, n]);
  const pieces = findPieces(surfaces);
  const bounds = vertexBounds(surfaces, new Uint8Array(surfaces.kind.length));
  smoothSurfaces(surfaces, bounds);
  const patches = triangulate(surfaces, pieces);
  correctVolumes(surfaces.positions, patches, pieces.voxels, bounds);
  return { positions: surfaces.positions, patches, pieces, fixed: bounds.fixed };
}

test("the surface stays within the error, and more error leaves fewer triangles", () => {
  const { positions, patches, fixed } = ball();
  const outer = (triangles: Uint32Array): { low: number; count: number } => {
    let low = Infinity;
    let count = 0;
    for (let t = 0; t < triangles.length; t += 3) {
      const middle = [0, 1, 2].map(
        (axis) => [0, 1, 2].reduce((sum, k) => sum + positions[3 * triangles[t + k]! + axis]! / 3, 0) - 16.3,
      );
      // The face between the halves is flat; only the sphere tells.
      if (Math.abs(middle[0]! + 0.8) < 0.6) continue;
      low = Math.min(low, Math.hypot(...middle));
      count++;
    }
    return { low, count };
  };
  const full = outer(patches.triangles);
  let last = full.count;
  for (const error of [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]) {
    const few = outer(decimate(positions, patches, fixed, error).triangles);
    assert.ok(few.low > full.low - error, `error ${error}: ${full.low - few.low}`);
    assert.ok(few.count < 0.99 * last, `error ${error}: ${few.count} of ${last}`);
    last = few.count;
  }
  assert.equal(decimate(positions, patches, fixed, 0), patches);
});

test("the face between two labels is the same for both, and each is closed", () => {
  const { positions, patches, pieces, fixed } = ball();
  const few = decimate(positions, patches, fixed, 0.3);
  for (const label of [1, 2]) {
    const triangles = labelTriangles(few, pieces, label);
    const edges = new Set<string>();
    for (let t = 0; t < triangles.length; t += 3)
      for (let k = 0; k < 3; k++) edges.add(`${triangles[t + k]} ${triangles[t + ((k + 1) % 3)]}`);
    assert.equal(edges.size, triangles.length, "no directed edge twice");
    for (const edge of edges) assert.ok(edges.has(edge.split(" ").reverse().join(" ")), "no open edge");
  }
});

test("vertices that are fixed stay, and a corner of an image that is full stays a corner", () => {
  const surfaces = extractLabelSurfaces(new Uint8Array(512).fill(1), [8, 8, 8]);
  const pieces = findPieces(surfaces);
  const patches = triangulate(surfaces, pieces);
  const bounds = vertexBounds(surfaces, new Uint8Array(surfaces.kind.length));
  const few = decimate(surfaces.positions, patches, bounds.fixed, 0.5);
  assert.equal(few.triangles.length, 3 * 12, "a box of twelve triangles");
  const all = vertexBounds(surfaces, new Uint8Array(surfaces.kind.length).fill(1));
  assert.deepEqual(decimate(surfaces.positions, patches, all.fixed, 0.5), patches);
});
