/** Every stage before and after the network against what nnU-Net itself computed for two cases. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { type NpyArray, readNpz, testWithShared } from "@viscera/core/testing";
import { readLabels, readScan } from "@viscera/scan/node";
import { gaussianWindow } from "../windows.js";
import { boxDims, cropped, nonzeroBox, outsideMask } from "./crop.js";
import { type Dims3, permuted, transposed } from "./dims.js";
import { readNnUnetDataset } from "./labels.js";
import { normalise } from "./normalise.js";
import { readPlan } from "./plans.js";
import { segmentLikeNnUnet } from "./predict.js";
import { placeForReader, prepareLikeNnUnet, readLikeNnUnet } from "./prepare.js";
import { resampleLabels } from "./resample.js";
import { paddedTo, tileStarts } from "./tiles.js";

const CASES = "cases/nets/nnunet";
const SETS = [
  {
    name: "plain",
    model: "Dataset901_GoldenCT/nnUNetTrainer__nnUNetPlans__3d_fullres",
    variants: ["nomirror", "mirror"],
  },
  {
    name: "resenc",
    model: "Dataset902_GoldenMR/nnUNetTrainer_onlyMirror01__nnUNetResEncUNetMPlans__3d_fullres",
    variants: ["nomirror", "mirror", "mirror_ensemble"],
  },
] as const;
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));

function assertNear(
  got: ArrayLike<number>,
  expected: NpyArray | ArrayLike<number>,
  limit: number,
  what: string,
) {
  const wanted = "dims" in expected ? expected.data : expected;
  assert.equal(got.length, wanted.length, what);
  let worst = 0;
  for (let i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(got[i]! - wanted[i]!));
  assert.ok(worst <= limit, `${what}: differs by ${worst}`);
}

function joined(channels: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(channels.length * channels[0]!.length);
  channels.forEach((data, c) => out.set(data, c * data.length));
  return out;
}

describe("nnU-Net's stages", () => {
  for (const { name, model, variants } of SETS) {
    testWithShared(
      `of ${name}: reader to network`,
      [`${CASES}/${name}`, "cases/nets/README.md"],
      async ([root]) => {
        const plan = readPlan(json(root, model, "plans.json"), "3d_fullres");
        const meta = json(root, "stages/meta.json");
        const stage = (file: string) => readNpz(join(root, "stages", file));
        const volumes = [];
        for (let c = 0; c < plan.normalisation.length; c++)
          volumes.push((await readScan(join(root, `input/case_000${c}.nii.gz`))).volume);

        const read = readLikeNnUnet(placeForReader(volumes, plan.reader));
        assertNear(
          joined(read.channels),
          stage("0_read.npz").get("data")!,
          name === "plain" ? 0 : 1e-3,
          "read",
        );
        assertNear(read.spacing, meta.properties.spacing, 1e-6, "spacing");

        let channels = read.channels.map((data) => transposed(data, read.dims, plan.transposeForward));
        const dims = permuted(read.dims, plan.transposeForward);
        assert.deepEqual(dims, meta.properties.shape_before_cropping);
        const box = nonzeroBox(channels, dims)!;
        const pairs = box.start.map((start, axis) => [start, box.end[axis]]);
        assert.deepEqual(pairs, meta.properties.bbox_used_for_cropping);
        channels = channels.map((data) => cropped(data, dims, box));
        assertNear(joined(channels), stage("1_crop.npz").get("data")!, 1e-3, "crop");
        const outside = await outsideMask(channels, boxDims(box));
        const seg = Int8Array.from(outside, (value) => -value);
        assert.deepEqual(seg, stage("1_crop.npz").get("nonzero_seg")!.data);

        channels.forEach((data, c) => normalise(data, plan.normalisation[c]!, outside));
        assertNear(joined(channels), stage("2_normalised.npz").get("data")!, 1e-5, "normalised");

        const prepared = await prepareLikeNnUnet(read, plan);
        assert.deepEqual(prepared.dims, meta.new_shape);
        const resampled = stage("3_resampled.npz");
        assertNear(prepared.image.data, resampled.get("data")!, 1e-5, "resampled");
        const rule = { order: 1, orderZ: 0, forceSeparateZ: null } as const;
        const { spacing, scanSpacing } = prepared;
        const labels = resampleLabels(seg, boxDims(box), prepared.dims, scanSpacing, spacing, rule);
        assertNear(labels, resampled.get("seg")!, 0, "resampled mask");

        const padded = paddedTo(prepared.dims, plan.patch);
        assert.deepEqual(padded.dims, meta.padded_shape.slice(1));
        const unpad = padded.before.map((start, axis) => [start, start + prepared.dims[axis]!]);
        assert.deepEqual(unpad, meta.unpad_slices.slice(1));
        assert.deepEqual(tileStarts(padded.dims, plan.patch, 0.5), meta["steps_per_axis_step_size_0.5"]);
        assert.deepEqual(tileStarts(padded.dims, plan.patch, 0.8), meta["steps_per_axis_step_size_0.8"]);

        const [g0, g1, g2] = plan.patch.map(gaussianWindow) as [Float32Array, Float32Array, Float32Array];
        stage("4_gaussian.npz")
          .get("gaussian_f32")!
          .data.forEach((expected, v) => {
            const [, n1, n2] = plan.patch as unknown as Dims3;
            const got = 10 * g0[Math.floor(v / (n1 * n2))]! * g1[Math.floor(v / n2) % n1]! * g2[v % n2]!;
            assert.ok(Math.abs(got - expected) <= 1e-6 * expected, `gaussian ${v}: ${got}, ${expected}`);
          });
      },
    );

    testWithShared(
      `of ${name}: scores to labels`,
      [`${CASES}/${name}`, "cases/nets/README.md"],
      async ([root]) => {
        const plan = readPlan(json(root, model, "plans.json"), "3d_fullres");
        const dataset = readNnUnetDataset(json(root, model, "dataset.json"));
        const results = json(root, "stages/results.json");
        const meta = json(root, "stages/meta.json");
        const volumes = [];
        for (let c = 0; c < dataset.channels.length; c++)
          volumes.push((await readScan(join(root, `input/case_000${c}.nii.gz`))).volume);
        const logits = readNpz(join(root, "stages/6_logits.npz"));
        for (const variant of variants) {
          // A network that knows the answer: one tile as large as the image.
          const scores = logits.get(`${variant}_f32`)!.data as Float32Array;
          const whole = { ...plan, patch: meta.new_shape };
          const answer = {
            plan: whole,
            dataset,
            mirrorAxes: [],
            folds: [async () => ({ score: async () => scores, close: async () => {} })],
          };
          const { labels } = await segmentLikeNnUnet(volumes, answer);
          const expected = await readLabels(join(root, `expected/case.${variant}.f32.nii.gz`));
          const wrong = labels.filter((label, v) => label !== expected.data[v]).length;
          const ties = results[variant]["voxels_with_decision_margin_below_0.0001"];
          assert.ok(
            wrong <= ties,
            `${variant}: ${wrong} of ${labels.length} labels differ, ${ties} are ties`,
          );
        }
      },
    );
  }
});
