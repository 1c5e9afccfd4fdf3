import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3, type Vec3 } from "@viscera/core";
import { pairOfMasks } from "../masks/mask-pair.js";
import { nearestDistances } from "./nearest.js";
import { cornerSurface, type SurfacePoints, voxelSurface } from "./surface-points.js";

const SIZE: Size3 = [70, 21, 17];
const SPACINGS: Vec3[] = [
  [1, 1, 1],
  [0.8, 0.8, 3],
  [2.5, 0.7, 1.1],
];

/** Few voxels, so that some points are far from the other surface. */
function randomMask(seed: number, density: number, reachX: number): Uint8Array {
  const stream = new RandomStream(seed, "evaluate.test");
  return Uint8Array.from({ length: SIZE[0] * SIZE[1] * SIZE[2] }, (_, i) =>
    i % SIZE[0] < reachX && stream.uniform(0, i) < density ? 1 : 0,
  );
}

function bruteForce(from: SurfacePoints, to: SurfacePoints, [sx, sy, sz]: Vec3): Float64Array {
  return Float64Array.from({ length: from.count }, (_, n) => {
    let best = Number.POSITIVE_INFINITY;
    for (let m = 0; m < to.count; m++) {
      const dx = (from.x[n]! - to.x[m]!) * sx;
      const dy = (from.y[n]! - to.y[m]!) * sy;
      const dz = (from.z[n]! - to.z[m]!) * sz;
      best = Math.min(best, dx * dx + dy * dy + dz * dz);
    }
    return Math.sqrt(best);
  });
}

test("distances are those of trying all pairs, to the last bit, however they are found", () => {
  for (const [n, spacing] of SPACINGS.entries())
    for (const surface of [voxelSurface, cornerSurface]) {
      const pair = pairOfMasks(
        randomMask(n, 0.005, 70),
        randomMask(n + 9, 0.003, 20 + 20 * n),
        SIZE,
        spacing,
      );
      const from = surface(pair.ref);
      const to = surface(pair.pred);
      const expected = bruteForce(from, to, spacing);
      for (const rows of [undefined, -1, 500])
        assert.deepEqual(
          nearestDistances(from, to, spacing, rows),
          expected,
          `${spacing} after ${rows} rows`,
        );
    }
});

test("an empty surface is infinitely far away", () => {
  const pair = pairOfMasks(randomMask(1, 0.01, 70), new Uint8Array(70 * 21 * 17), SIZE, [1, 1, 1]);
  const distances = nearestDistances(voxelSurface(pair.ref), voxelSurface(pair.pred), [1, 1, 1]);
  assert.ok(distances.length > 0 && distances.every((d) => d === Number.POSITIVE_INFINITY));
});
