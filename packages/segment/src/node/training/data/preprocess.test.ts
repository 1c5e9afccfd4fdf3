import assert from "node:assert/strict";
import { mkdir, readdir, rename, rm, rmdir, stat, truncate, utimes } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { affineOf, type Size3, voxelCount } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { closePool } from "@viscera/kernels";
import { writeVolume } from "@viscera/scan/node";
import { normalised, toModelGrid } from "../../../prepare.js";
import { planTraining } from "../../../training/data/index.js";
import {
  fingerprintDataset,
  type PreparedDataset,
  preprocessDataset,
  readDataset,
  readPreparedCase,
} from "./index.js";
import { loadCase } from "./load-case.js";
import { caseReader } from "./prepared.js";
import { SIZE, temporaryFolder, writeCases, writeJson } from "./testing.js";

let folder: string;
before(async () => {
  folder = await temporaryFolder();
});
after(async () => {
  await closePool();
  await rm(folder, { recursive: true });
});

const LABELS = { "1": "liver", "2": "spleen" };

async function dataset(name: string, affine = affineOf([1, 1, 1]), extra: object = {}) {
  const root = join(folder, name);
  await writeCases(root, { affine });
  await writeJson(join(root, "dataset.json"), {
    labels: LABELS,
    modality: "MR",
    training: [{ image: "images/*.nii.gz", label: "labels/*.nii.gz" }],
    ...extra,
  });
  return readDataset(root);
}

const countLabels = (labels: ArrayLike<number>, id: number) =>
  Array.from(labels).reduce((count, value) => count + (value === id ? 1 : 0), 0);

test("a prepared case is what the model sees in inference", async () => {
  const data = await dataset("model-grid", [0, -2, 0, 0, 0, 0, 3, 0, -1, 0, 0, 0, 0, 0, 0, 1]);
  const plan = planTraining(await fingerprintDataset(data), { spacingMm: [1.5, 2, 1] });
  const prepared = await preprocessDataset(data, plan, join(folder, "p1"));
  const { images } = await loadCase(data, data.cases[1]!);
  const placed = await toModelGrid(images[0]!, plan.input, {});
  const { image, labels, case: entry } = await readPreparedCase(prepared, "b");
  assert.deepEqual(entry.size, placed.size);
  assert.deepEqual(entry.affine, placed.affine);
  assert.deepEqual(image!.data, normalised(placed.data, plan.input));
  for (const id of [1, 2]) {
    const mm3 = entry.spacingMm.reduce((a, b) => a * b, 1);
    const { labels: source } = await loadCase(data, data.cases[1]!);
    const before = countLabels(source.data, id) * 6;
    assertClose(countLabels(labels, id) * mm3, before, { relative: 0.3 });
  }
});

test("listed voxels are of their class; all of few, an even choice of many", async () => {
  const size: Size3 = [60, 40, 40];
  const root = join(folder, "many");
  await writeCases(root, { size, ids: ["a", "b"] });
  const data = await readDataset(root);
  const plan = planTraining(await fingerprintDataset(data));
  const prepared = await preprocessDataset(data, plan, join(folder, "p2"));
  const { labels, case: entry } = await readPreparedCase(prepared, "a");
  const reader = caseReader(prepared.folder);
  assert.deepEqual(
    entry.voxels.map((item) => item.class),
    [1, 2],
  );
  for (const item of entry.voxels) {
    assert.equal(item.count, countLabels(labels, item.class));
    assert.equal(item.listed, 10_000);
    const voxels = Array.from({ length: item.listed }, (_, i) => reader.voxel(entry, item.from + i));
    assert.ok(voxels.every((voxel) => labels[voxel] === item.class));
    assert.ok(voxels.every((voxel, i) => i === 0 || voxel > voxels[i - 1]!));
    const slices = new Set(voxels.map((voxel) => Math.floor(voxel / 2400)));
    assert.equal(slices.size, 38);
  }
  assert.throws(() => reader.voxel(entry, 10 ** 6), { code: "failed.prepared" });
});

test("any box of a case is read as it lies", async () => {
  const prepared = await preprocessDataset(
    await dataset("boxes"),
    planTraining(await fingerprintDataset(await dataset("boxes"))),
    join(folder, "p3"),
  );
  const { image, labels, case: entry } = await readPreparedCase(prepared, "c");
  const reader = caseReader(prepared.folder);
  for (const box of [
    { start: [0, 0, 0], size: SIZE },
    { start: [0, 2, 3], size: [12, 5, 2] },
    { start: [4, 1, 0], size: [3, 9, 8] },
  ] as { start: Size3; size: Size3 }[]) {
    const cutImage = reader.image(entry, box);
    const cutLabels = reader.labels(entry, box);
    assert.equal(cutImage.length, voxelCount(box.size));
    for (let k = 0, at = 0; k < box.size[2]; k++)
      for (let j = 0; j < box.size[1]; j++)
        for (let i = 0; i < box.size[0]; i++, at++) {
          const from = i + box.start[0] + 12 * (j + box.start[1] + 10 * (k + box.start[2]));
          assert.equal(cutImage[at], image!.data[from]);
          assert.equal(cutLabels[at], labels[from]);
        }
  }
});

test("finished cases stay, changed ones and another plan are done anew, half a file is noticed", async () => {
  const data = await dataset("again");
  const fingerprint = await fingerprintDataset(data);
  const out = join(folder, "p4");
  const times = async () =>
    Promise.all(["a", "b", "c"].map(async (id) => (await stat(join(out, `${id}.image.raw`))).mtimeMs));
  const plan = planTraining(fingerprint);
  const first = await preprocessDataset(data, plan, out);
  const written = await times();
  const changes = async (run: () => Promise<PreparedDataset>) => {
    const past = await times();
    const result = await run();
    return { result, changed: (await times()).map((time, i) => time !== past[i]) };
  };
  let { result, changed } = await changes(() => preprocessDataset(data, plan, out));
  assert.deepEqual(result, first);
  assert.deepEqual(await times(), written);
  // The patch and the batch have nothing to do with it.
  const bigger = planTraining(fingerprint, { patch: [16, 16, 16], batch: 7 });
  ({ changed } = await changes(() => preprocessDataset(data, bigger, out)));
  assert.deepEqual(changed, [false, false, false]);
  await utimes(data.cases[1]!.labels, new Date(), new Date(Date.now() + 5000));
  ({ changed } = await changes(() => preprocessDataset(data, plan, out)));
  assert.deepEqual(changed, [false, true, false]);
  await truncate(join(out, "c.image.raw"), 100);
  await assert.rejects(readPreparedCase(first, "c"), { code: "failed.prepared" });
  ({ changed } = await changes(() => preprocessDataset(data, plan, out)));
  assert.deepEqual(changed, [false, false, true]);
  const finer = planTraining(fingerprint, { spacingMm: [1, 1, 0.8] });
  ({ result, changed } = await changes(() => preprocessDataset(data, finer, out)));
  assert.deepEqual(changed, [true, true, true]);
  assert.deepEqual(result.cases[0]!.size, [12, 10, 10]);
  assert.deepEqual(
    (await readdir(out)).filter((name) => name.endsWith(".part")),
    [],
  );
});

test("a stopped preparation goes on, and shows how far it is", async () => {
  const data = await dataset("stopped");
  const plan = planTraining(await fingerprintDataset(data));
  const out = join(folder, "p5");
  const stop = new AbortController();
  const seen: number[] = [];
  const onProgress = ({ done }: { done: number }) => {
    seen.push(done);
    if (done === 2) stop.abort();
  };
  await assert.rejects(preprocessDataset(data, plan, out, { signal: stop.signal, onProgress }), {
    code: "cancelled",
  });
  assert.ok((await readdir(out)).includes("b.json"));
  assert.ok(!(await readdir(out)).includes("c.json"));
  assert.equal((await preprocessDataset(data, plan, out)).cases.length, 3);
});

test("a record never speaks for files of another plan", async () => {
  const data = await dataset("half");
  const fingerprint = await fingerprintDataset(data);
  const out = join(folder, "p8");
  const plan = planTraining(fingerprint);
  const first = await preprocessDataset(data, plan, out);
  const before = await readPreparedCase(first, "b");
  // Another normalisation gets as far as the image of b.
  const labels = join(out, "b.labels.raw");
  await rename(labels, `${labels}.kept`);
  await mkdir(labels);
  const other = planTraining(fingerprint, { normalisation: { kind: "minmax" } });
  await assert.rejects(preprocessDataset(data, other, out), { name: "VisceraError" });
  await rmdir(labels);
  await rename(`${labels}.kept`, labels);
  const after = await readPreparedCase(await preprocessDataset(data, plan, out), "b");
  assert.deepEqual(after, before);
});

test("ignored voxels stay ignored", async () => {
  const data = await dataset("small", affineOf([1, 1, 1]), {
    labels: { liver: 1, ignore: 2 },
    modality: undefined,
  });
  const plan = planTraining(await fingerprintDataset(data), { spacingMm: [1, 1, 1] });
  const { labels } = await readPreparedCase(await preprocessDataset(data, plan, join(folder, "p6")), "a");
  assert.deepEqual([...new Set(labels)].sort(), [0, 1, 255]);
});

test("a structure that is too small for the voxels, and an image of one value, are told", async () => {
  const data = await dataset("lost");
  const label = new Uint8Array(voxelCount(SIZE)).fill(1, 0, 480);
  label[voxelCount(SIZE) - 200] = 2;
  const map = { size: SIZE, affine: affineOf([1, 1, 1]), modality: null, unit: null };
  await writeVolume(data.cases[1]!.labels, { ...map, data: label });
  const coarse = planTraining(await fingerprintDataset(data), { spacingMm: [4, 3, 4] });
  const { warnings } = await preprocessDataset(data, coarse, join(folder, "p7"));
  assert.deepEqual(warnings, ["The spleen of b is smaller than the model's voxels and was lost."]);
  await writeVolume(data.cases[2]!.images[0]!, { ...map, data: label.map(() => 5) });
  const plain = planTraining(await fingerprintDataset(data));
  await assert.rejects(preprocessDataset(data, plain, join(folder, "p7")), {
    code: "input.constant",
    message: /^Case c: Every voxel/,
  });
});

test("a folder that cannot be made is said in a sentence", async () => {
  const data = await dataset("nowhere");
  const plan = planTraining(await fingerprintDataset(data));
  const file = join(folder, "nowhere", "dataset.json");
  await assert.rejects(preprocessDataset(data, plan, join(file, "x")), { name: "VisceraError" });
});

testWithShared("hippocampi are prepared on their own grid", ["data/mr-hippocampus-msd"], async ([shared]) => {
  const all = await readDataset(shared);
  const data = { ...all, cases: all.cases.slice(0, 3) };
  const plan = planTraining(await fingerprintDataset(data));
  assert.deepEqual(plan.input.spacingMm, [1, 1, 1]);
  const prepared = await preprocessDataset(data, plan, join(folder, "hippocampus"));
  const { image, labels } = await readPreparedCase(prepared, "hippocampus_003");
  assert.equal(image!.data.length, labels.length);
  const mean = image!.data.reduce((a, b) => a + b, 0) / labels.length;
  assertClose(mean, 0, { absolute: 1e-3 });
  assert.ok(countLabels(labels, 1) > 500 && countLabels(labels, 2) > 500);
});
