import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LabelArray, Size3 } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { assertStored, readMask, readVectors, type Stored } from "../testing/vectors.js";
import { detectLesions } from "./detection.js";
import { lesionWise } from "./lesion-wise.js";

interface StoredResult {
  dilation_iterations: number;
  volume_threshold_mm3: number;
  n_reference_lesions: number;
  n_counted_lesions: number;
  n_predicted_components: number;
  tp: number;
  fn: number;
  fp: number;
  fp_volumes_mm3: Stored[];
  lesion_wise_dice: Stored;
  lesion_wise_hd95: Stored;
  whole_image_dice: Stored;
  whole_image_hd95: Stored;
  lesions: {
    voxels: number;
    volume_mm3: Stored;
    n_matched_predicted_components: number;
    voxels_matched_prediction: number;
    dice: Stored;
    hd95_mm: Stored;
    counted: boolean;
  }[];
}

const only = (labels: LabelArray, id: number) => Uint8Array.from(labels, (value) => (value === id ? 1 : 0));

testWithShared(
  "lesion-wise scores are the stored ones, lesion by lesion",
  ["cases/metrics"],
  async ([folder]) => {
    const { cases } = JSON.parse(readFileSync(join(folder, "lesionwise.json"), "utf8")) as {
      cases: { case: string; label: number; results: StoredResult[] }[];
    };
    const vectors = readVectors(folder);
    for (const { case: name, label, results } of cases) {
      const { shape, spacing_mm, ref, pred } = vectors.find((one) => one.name === name)!;
      const [a, b] = [
        only(await readMask(folder, ref, shape), label),
        only(await readMask(folder, pred, shape), label),
      ];
      for (const stored of results) {
        const where = `${name} ${label} dilated ${stored.dilation_iterations}`;
        const found = await lesionWise(a, b, shape, spacing_mm, {
          dilations: stored.dilation_iterations,
          volumeThresholdMm3: stored.volume_threshold_mm3,
          penaltyMm: 374,
        });
        assert.deepEqual(
          [
            found.lesions.length,
            found.lesions.filter(({ counted }) => counted).length,
            found.predictedPieces,
            found.truePositives,
            found.falseNegatives,
            found.falsePositives,
          ],
          [
            stored.n_reference_lesions,
            stored.n_counted_lesions,
            stored.n_predicted_components,
            stored.tp,
            stored.fn,
            stored.fp,
          ],
          where,
        );
        for (const [i, volume] of stored.fp_volumes_mm3.entries())
          assertStored(found.falsePositiveVolumesMm3[i]!, volume, 1e-9, where);
        assertStored(found.dice, stored.lesion_wise_dice, 1e-9, where);
        assertStored(found.hd95Mm, stored.lesion_wise_hd95, 1e-9, where);
        assertStored(found.wholeDice, stored.whole_image_dice, 1e-9, where);
        assertStored(found.wholeHd95Mm, stored.whole_image_hd95, 1e-9, where);
        // The stored lesions are in another scan order.
        const key = (lesion: { voxels: number; dice: Stored }) => lesion.voxels + Number(lesion.dice);
        const own = [...found.lesions].sort((p, q) => key(p) - key(q));
        for (const [i, lesion] of [...stored.lesions].sort((p, q) => key(p) - key(q)).entries()) {
          assert.deepEqual(
            [own[i]!.voxels, own[i]!.matchedPieces, own[i]!.matchedVoxels, own[i]!.counted],
            [
              lesion.voxels,
              lesion.n_matched_predicted_components,
              lesion.voxels_matched_prediction,
              lesion.counted,
            ],
            where,
          );
          assertStored(own[i]!.volumeMm3, lesion.volume_mm3, 1e-9, where);
          assertStored(own[i]!.dice, lesion.dice, 1e-9, where);
          assertStored(own[i]!.hd95Mm, lesion.hd95_mm, 1e-9, where);
        }
      }
    }
  },
);

const SIZE: Size3 = [20, 6, 4];

/** Boxes along x, from and to (exclusive), 2 x 2 voxels thick. */
function bars(...ranges: [number, number][]): Uint8Array {
  const out = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  for (const [from, to] of ranges)
    for (let x = from; x < to; x++)
      for (const [y, z] of [
        [1, 1],
        [2, 1],
        [1, 2],
        [2, 2],
      ] as const)
        out[x + SIZE[0] * (y + SIZE[1] * z)] = 1;
  return out;
}

test("one lesion found, one missed, one invented", async () => {
  // 3 of 5 voxel pairs in common: IoU 0.6.
  const found = await detectLesions(bars([0, 4], [12, 14]), bars([1, 5], [8, 10]), SIZE);
  assert.deepEqual([found.truePositives, found.falsePositives, found.falseNegatives], [1, 1, 1]);
  assert.equal(found.f1, 0.5);
  assert.equal(found.segmentationQuality, 0.6);
  assert.equal(found.panopticQuality, 0.3);
  const strict = await detectLesions(bars([0, 4], [12, 14]), bars([1, 5], [8, 10]), SIZE, 0.6);
  assert.equal(strict.truePositives, 0);
});

test("below an IoU of one half the best pair is taken, and each piece once", async () => {
  // One predicted piece over two lesions: IoU 4/10 and 3/10.
  const found = await detectLesions(bars([0, 4], [7, 10]), bars([0, 10]), SIZE, 0.1);
  assert.deepEqual([found.truePositives, found.falsePositives, found.falseNegatives], [1, 0, 1]);
  assert.equal(found.segmentationQuality, 0.4);
});

test("without lesions there is nothing to score", async () => {
  const { f1, panopticQuality } = await detectLesions(bars(), bars(), SIZE);
  assert.ok(Number.isNaN(f1) && Number.isNaN(panopticQuality));
});
