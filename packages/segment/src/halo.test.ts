import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3 } from "@viscera/core";
import { type LabelWindow, predictWithHalo } from "@viscera/segment";
import { haloWindows } from "./windows.js";

const random = new RandomStream(8, "halo.test");

/** A "network" of reach 2: classes by a sum over 5x5x5 voxels, what lies outside the window being 0. */
const network: LabelWindow = async (data, [nx, ny, nz]) => {
  const label = new Uint8Array(data.length);
  const probability = new Float32Array(data.length);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        let sum = 0;
        for (let c = -2; c <= 2; c++)
          for (let b = -2; b <= 2; b++)
            for (let a = -2; a <= 2; a++) {
              const [x, y, z] = [i + a, j + b, k + c];
              if (x < 0 || y < 0 || z < 0 || x >= nx || y >= ny || z >= nz) continue;
              sum += data[x + nx * (y + ny * z)]! * (1 + 0.1 * a + 0.01 * b + 0.001 * c);
            }
        const at = i + nx * (j + ny * k);
        label[at] = Math.abs(Math.round(sum)) % 4;
        probability[at] = 1 / (1 + Math.abs(sum));
      }
  return { label, probability };
};

test("windows with a halo as wide as the network's reach give the result of the whole volume", async () => {
  const size: Size3 = [15, 12, 17];
  const data = Float32Array.from({ length: 15 * 12 * 17 }, (_, i) => random.normal(0, i));
  const image = { size, channels: 1, data };
  const whole = await predictWithHalo(network, image, { classes: 4, core: size, haloVoxels: 2 });
  for (const core of [
    [15, 12, 5],
    [4, 5, 6],
    [7, 12, 1],
  ] as const) {
    const parts = await predictWithHalo(network, image, { classes: 4, core, haloVoxels: 2 });
    assert.deepEqual(parts.labels, whole.labels);
    for (const [label, mean] of parts.confidence) {
      assert.ok(Math.abs(mean - whole.confidence.get(label)!) < 1e-9);
    }
  }
  const tooNarrow = await predictWithHalo(network, image, { classes: 4, core: [4, 5, 6], haloVoxels: 1 });
  assert.notDeepEqual(tooNarrow.labels, whole.labels);
});

test("cores tile the volume and windows stay inside it", () => {
  const size: Size3 = [10, 7, 23];
  const seen = new Uint8Array(10 * 7 * 23);
  for (const { start, end, coreStart, coreEnd } of haloWindows(size, [4, 7, 9], 3)) {
    for (let axis = 0; axis < 3; axis++) {
      assert.equal(start[axis], Math.max(0, coreStart[axis]! - 3));
      assert.equal(end[axis], Math.min(size[axis]!, coreEnd[axis]! + 3));
    }
    for (let k = coreStart[2]; k < coreEnd[2]; k++)
      for (let j = coreStart[1]; j < coreEnd[1]; j++)
        for (let i = coreStart[0]; i < coreEnd[0]; i++) seen[i + 10 * (j + 7 * k)]! += 1;
  }
  assert.ok(seen.every((count) => count === 1));
});
