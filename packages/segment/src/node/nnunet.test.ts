import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  affineOf,
  modelFileSchema,
  RandomStream,
  type Size3,
  type Vec3,
  type Volume,
  voxelCount,
} from "@viscera/core";
import { readNpz, testWithShared } from "@viscera/core/testing";
import { readLabels, readScan, writeVolume } from "@viscera/scan/node";
import { segmentVolume } from "@viscera/segment";
import { addModel, openModel, scansInFolder, segmentFolder } from "@viscera/segment/node";
import { predictScores } from "../nnunet/index.js";
import { placeForReader, prepareLikeNnUnet, readLikeNnUnet } from "../nnunet/prepare.js";
import { nnUnetNetworks } from "./nnunet.js";
import { writeNnUnet } from "./nnunet-fixture.js";
import { readTrained } from "./nnunet-folder.js";

const CASES = "cases/nets/nnunet";
const PLAIN = "Dataset901_GoldenCT/nnUNetTrainer__nnUNetPlans__3d_fullres";
const RESENC = "Dataset902_GoldenMR/nnUNetTrainer_onlyMirror01__nnUNetResEncUNetMPlans__3d_fullres";

async function scansOf(root: string, channels: number): Promise<Volume[]> {
  const volumes = [];
  for (let c = 0; c < channels; c++)
    volumes.push((await readScan(join(root, `input/case_000${c}.nii.gz`))).volume);
  return volumes;
}

function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let count = 0;
  for (let v = 0; v < a.length; v++) if (a[v] !== b[v]) count++;
  return count;
}

describe("nnU-Net models", () => {
  for (const { name, model, channels, variant } of [
    { name: "plain", model: PLAIN, channels: 1, variant: "mirror" },
    { name: "resenc", model: RESENC, channels: 2, variant: "mirror_ensemble" },
  ]) {
    testWithShared(
      `${name}: tiles and scores as nnU-Net's`,
      [`${CASES}/${name}`, "cases/nets/README.md"],
      async ([root]) => {
        const { model: net, close } = nnUnetNetworks(await readTrained(join(root, model), [0]), {});
        const tile = readNpz(join(root, "stages/5_tile.npz"));
        const near = (got: ArrayLike<number>, expected: ArrayLike<number>, what: string) => {
          let worst = 0;
          for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(got[i]! - expected[i]!));
          assert.ok(worst <= 1e-4, `${what}: ${worst}`);
        };
        const fold = await net.folds[0]!();
        const [d0, d1, d2] = net.plan.patch as [number, number, number];
        const input = Float32Array.from(tile.get("input")!.data);
        near(await fold.score(input, [d2, d1, d0]), tile.get("logits")!.data, `${name} tile`);

        const prepared = await prepareLikeNnUnet(
          readLikeNnUnet(placeForReader(await scansOf(root, channels), net.plan.reader)),
          net.plan,
        );
        const plane = prepared.dims[1] * prepared.dims[2];
        const scores = async () => {
          const out = new Float32Array(net.dataset.heads * prepared.dims[0] * plane);
          await predictScores(prepared, net, { mirror: false }, (slice, part) => {
            for (let head = 0; head < net.dataset.heads; head++)
              out.set(
                part.subarray(head * plane, (head + 1) * plane),
                (head * prepared.dims[0] + slice) * plane,
              );
          });
          return out;
        };
        const expected = readNpz(join(root, "stages/6_logits.npz"));
        near(await scores(), expected.get("nomirror_f32")!.data, `${name} scores`);
        await close();
      },
    );

    testWithShared(
      `${name}: a scan as a user runs it`,
      [`${CASES}/${name}`, "cases/nets/README.md"],
      async ([root]) => {
        const opened = await openModel(join(root, model));
        modelFileSchema.parse(opened.description);
        assert.equal(opened.channels, channels);
        const volumes = await scansOf(root, channels);
        const { labels, confidence } = await segmentVolume(volumes, opened);
        assert.deepEqual(labels.affine, volumes[0]!.affine);
        const exact = await readLabels(join(root, `expected/case.${variant}.f32.nii.gz`));
        const stored = await readLabels(join(root, "expected/case.nii.gz"));
        const share = (count: number) => count / labels.data.length;
        assert.ok(share(differing(labels.data, exact.data)) <= 0.001);
        assert.ok(share(differing(labels.data, stored.data)) <= 0.002);
        for (const { id } of labels.labels) assert.ok(confidence.get(id)! > 0.3 && confidence.get(id)! <= 1);
        await opened.dispose();
      },
    );
  }

  testWithShared("old-style plans give the same labels", [`${CASES}/plain`], async ([root]) => {
    const folder = await mkdtemp(join(tmpdir(), "viscera-nnunet-"));
    try {
      await cp(join(root, PLAIN), folder, { recursive: true });
      await cp(join(root, "old_style/plans.json"), join(folder, "plans.json"));
      const model = await openModel(folder);
      const { labels } = await segmentVolume(await scansOf(root, 1), model, { mirror: false });
      const expected = await readLabels(join(root, "expected/case.nomirror.f32.nii.gz"));
      assert.ok(differing(labels.data, expected.data) / labels.data.length <= 0.001);
      await model.dispose();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("folds, configurations and networks of slices", async () => {
    const root = await mkdtemp(join(tmpdir(), "viscera-nnunet-"));
    try {
      const labels = ["liver", "spleen"];
      await writeNnUnet(join(root, "T__P__3d_fullres"), { labels, seed: 1, folds: 2 });
      await writeNnUnet(join(root, "T__P__2d"), { labels, seed: 5, spacing: [1, 1], patch: [32, 32] });
      const scan = ctOf([20, 18, 9], [1.2, 1.2, 2]);
      const runs = [];
      for (const folds of [undefined, [0], [1]]) {
        const model = await openModel(root, folds ? { folds } : {});
        runs.push((await segmentVolume(scan, model)).labels.data);
        assert.equal(model.description.version, folds ? "3d_fullres" : "3d_fullres-2-folds");
        await model.dispose();
      }
      assert.ok(differing(runs[0]!, runs[1]!) > 0 && differing(runs[0]!, runs[2]!) > 0);
      await assert.rejects(openModel(root, { folds: [3] }), {
        code: "input.missing",
        message: /no fold 3; it has 0, 1/,
      });
      await assert.rejects(openModel(`${root}:3d_lowres`), {
        code: "input.model",
        message: /no trained model 3d_lowres/,
      });

      // Stored, it keeps the configuration asked for.
      process.env["VISCERA_HOME"] = join(root, "home");
      await addModel(`${root}:2d`, { name: "slices" });
      const stored = await openModel("slices");
      assert.equal(stored.description.version, "2d");
      await stored.dispose();
      delete process.env["VISCERA_HOME"];

      const stop = new AbortController();
      const started = await openModel(`${root}:2d`);
      const running = segmentVolume(scan, started, {
        signal: stop.signal,
        onProgress: ({ stage, done }) => stage === "windows" && done === 1 && stop.abort(),
      });
      await assert.rejects(running, { code: "cancelled" });
      await started.dispose();

      // A slice is seen by itself: the others do not matter.
      const slices = await openModel(`${root}:2d`);
      const whole = (await segmentVolume(scan, slices)).labels.data;
      const one: Volume = { ...scan, size: [20, 18, 1], data: scan.data.slice(4 * 360, 5 * 360) };
      assert.deepEqual((await segmentVolume(one, slices)).labels.data, whole.slice(4 * 360, 5 * 360));
      assert.ok(new Set(whole).size > 1);
      await slices.dispose();
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test("several images of a patient: their number and grids are checked", async () => {
    const root = await mkdtemp(join(tmpdir(), "viscera-nnunet-"));
    try {
      await writeNnUnet(root, { labels: ["liver"], seed: 1, channels: ["CT", "CT late"] });
      const model = await openModel(root);
      const scan = ctOf([20, 18, 9], [1.2, 1.2, 2]);
      const late = { ...scan, data: scan.data.map((value) => value / 2) };
      const { labels } = await segmentVolume([scan, late], model);
      assert.notDeepEqual((await segmentVolume([late, scan], model)).labels.data, labels.data);
      await assert.rejects(segmentVolume(scan, model), {
        code: "input.channels",
        message: /takes 2 images of a patient at once \(CT, CT late\), and 1 was given/,
      });
      await assert.rejects(segmentVolume([scan, ctOf([20, 18, 8], [1.2, 1.2, 2])], model), {
        code: "input.channels",
        message: /Image 2 lies on another grid/,
      });

      // A folder of channels, as nnU-Net names them; a case that lacks one is told.
      const scans = join(root, "scans");
      await mkdir(scans);
      for (const [name, volume] of [
        ["a_0000", scan],
        ["a_0001", late],
        ["b_0000", scan],
      ] as const)
        await writeVolume(join(scans, `${name}.nii.gz`), volume);
      const { finished, failed } = await segmentFolder(scans, join(root, "labels"), model);
      assert.deepEqual(
        finished.map(({ scan: name, output }) => [name, output]),
        [["a", "a.nii.gz"]],
      );
      assert.deepEqual((await readLabels(join(root, "labels/a.nii.gz"))).data, labels.data);
      assert.match(failed[0]!.message, /takes 2 images .* and 1 was given/);
      assert.deepEqual(
        (await scansInFolder(scans)).map(({ name }) => name),
        ["a_0000.nii.gz", "a_0001.nii.gz", "b_0000.nii.gz"],
      );
      await model.dispose();
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test("weights that do not fit their plans are refused", async () => {
    const root = await mkdtemp(join(tmpdir(), "viscera-nnunet-"));
    try {
      await writeNnUnet(root, { labels: ["liver", "spleen"], seed: 1 });
      const dataset = JSON.parse(await readFile(join(root, "dataset.json"), "utf8"));
      const write = (labels: object) =>
        writeFile(join(root, "dataset.json"), JSON.stringify({ ...dataset, labels }));
      await write({ background: 0, liver: 1 });
      await assert.rejects(openModel(root), {
        code: "input.weights",
        message: /seg_layers.* has the shape \[3,/,
      });
      await write(dataset.labels);
      await writeFile(join(root, "fold_0/checkpoint_final.pth"), "version 3");
      await assert.rejects(openModel(root), { code: "input.weights", message: /not a PyTorch file/ });
      await rm(join(root, "fold_0"), { recursive: true });
      await assert.rejects(openModel(root), { code: "input.missing", message: /has no weights/ });
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

/** A CT of seeded noise over a ramp. */
function ctOf(size: Size3, spacing: Vec3): Volume {
  const random = new RandomStream(1, "test.ct");
  const data = Int16Array.from({ length: voxelCount(size) }, (_, v) =>
    Math.round(100 * random.normal(0, v) + (v % size[0]) * 20 - 300),
  );
  return { size, affine: affineOf(spacing), data, modality: "CT", unit: "HU" };
}
