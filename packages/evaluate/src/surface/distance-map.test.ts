import assert from "node:assert/strict";
import { test } from "node:test";
import { affineOf, type Size3 } from "@viscera/core";
import { distanceMaps } from "./distance-map.js";

const SIZE: Size3 = [30, 24, 20];

function box(from: readonly number[], to: readonly number[]): Uint8Array {
  const out = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  for (let z = from[2]!; z < to[2]!; z++)
    for (let y = from[1]!; y < to[1]!; y++)
      for (let x = from[0]!; x < to[0]!; x++) out[x + SIZE[0] * (y + SIZE[1] * z)] = 1;
  return out;
}

test("a bump of 3 voxels is 6 mm from the truth at its tip, and the rest lies on it", () => {
  const grid = { size: SIZE, affine: affineOf([1, 2, 1.5], [10, 20, 30]) };
  const truth = box([5, 5, 5], [20, 15, 15]);
  const bump = box([10, 15, 8], [14, 18, 12]);
  const prediction = truth.map((value, i) => value | bump[i]!);
  const { truth: onTruth, prediction: onPrediction, farthest } = distanceMaps(truth, prediction, grid);
  assert.equal(farthest!.distanceMm, 6);
  assert.equal(farthest!.voxel[1], 17);
  const { mesh, distancesMm } = onPrediction!;
  let tip = 0;
  for (let v = 0; v < distancesMm.length; v++) {
    const y = mesh.positions[3 * v + 1]!;
    const beyond = y - (20 + 2 * 14.5);
    // Corners around a vertex are half a voxel to either side of it at most.
    if (beyond > 0) assert.ok(Math.abs(distancesMm[v]! - beyond) <= 1 + 1e-4, `${y}: ${distancesMm[v]}`);
    tip = Math.max(tip, distancesMm[v]!);
  }
  assert.equal(tip, 6);
  // Only what the bump covers is off the prediction's surface.
  const off = onTruth!.distancesMm.filter((d) => d > 0).length;
  assert.ok(off > 0 && off < 60, `${off}`);
});

test("without a prediction the truth is infinitely far from it", () => {
  const grid = { size: SIZE, affine: affineOf([1, 1, 1]) };
  const { truth, prediction, farthest } = distanceMaps(
    box([2, 2, 2], [6, 6, 6]),
    box([0, 0, 0], [0, 0, 0]),
    grid,
  );
  assert.equal(prediction, null);
  assert.equal(farthest!.distanceMm, Number.POSITIVE_INFINITY);
  assert.ok(truth!.distancesMm.every((d) => d === Number.POSITIVE_INFINITY));
});

test("a mirrored grid gives a surface that still faces outwards", () => {
  const volumeOf = (affine: readonly number[]) => {
    const { mesh } = distanceMaps(box([2, 2, 2], [6, 6, 6]), box([2, 2, 2], [6, 6, 6]), {
      size: SIZE,
      affine,
    }).truth!;
    let six = 0;
    for (let t = 0; t < mesh.indices.length; t += 3) {
      const [p, q, r] = [0, 1, 2].map((k) =>
        mesh.positions.subarray(3 * mesh.indices[t + k]!, 3 * mesh.indices[t + k]! + 3),
      );
      six +=
        p![0]! * (q![1]! * r![2]! - q![2]! * r![1]!) +
        p![1]! * (q![2]! * r![0]! - q![0]! * r![2]!) +
        p![2]! * (q![0]! * r![1]! - q![1]! * r![0]!);
    }
    return six / 6;
  };
  assert.ok(volumeOf(affineOf([1, 1, 1])) > 50);
  assert.ok(volumeOf([-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]) > 50);
});
