import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { testWithShared } from "@viscera/core/testing";
import { DeepmindSurface, deepmindDice } from "../conventions/deepmind.js";
import { pairOfMasks } from "../masks/mask-pair.js";
import { assertStored, type Stored } from "../testing/vectors.js";

const EDGE = 256;

function ball(centre: readonly [number, number, number], radius: number): Uint8Array {
  const out = new Uint8Array(EDGE ** 3);
  for (let z = 0; z < EDGE; z++)
    for (let y = 0; y < EDGE; y++)
      for (let x = 0; x < EDGE; x++)
        if ((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 < radius * radius)
          out[x + EDGE * (y + EDGE * z)] = 1;
  return out;
}

testWithShared(
  "two balls in 256^3 have the published surface metrics",
  ["cases/metrics/surface_distance_balls_256.json"],
  ([path]) => {
    const { values } = JSON.parse(readFileSync(path, "utf8")) as {
      values: {
        n_voxels: number[];
        n_surfels: number[];
        area: Stored[];
        asd: Stored[];
        robust_hausdorff: Record<string, Stored>;
        surface_overlap: Record<string, Stored[]>;
        surface_dice: Record<string, Stored>;
        dice: Stored;
      };
    };
    const pair = pairOfMasks(
      ball([128, 128, 128], 110),
      ball([130, 127, 126], 112),
      [EDGE, EDGE, EDGE],
      [1.5, 1, 1],
    );
    assert.deepEqual([pair.refVoxels, pair.predVoxels], values.n_voxels);
    const surface = new DeepmindSurface(pair);
    assert.deepEqual([surface.refElements, surface.predElements], values.n_surfels);
    for (const i of [0, 1]) {
      assertStored(surface.areasMm2[i]!, values.area[i], 1e-9, "area");
      assertStored(surface.averageDistancesMm[i]!, values.asd[i], 1e-9, "average");
    }
    for (const [percent, value] of Object.entries(values.robust_hausdorff))
      assertStored(surface.hausdorff(Number(percent)), value, 1e-9, `hausdorff ${percent}`);
    for (const [tolerance, value] of Object.entries(values.surface_dice)) {
      assertStored(surface.surfaceDice(Number(tolerance)), value, 1e-9, `surface Dice ${tolerance}`);
      for (const i of [0, 1])
        assertStored(
          surface.overlap(Number(tolerance))[i]!,
          values.surface_overlap[tolerance]![i],
          1e-9,
          `overlap ${tolerance}`,
        );
    }
    assertStored(deepmindDice(pair), values.dice, 1e-9, "Dice");
  },
);
